"""Configuration warnings in the wire's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled_protocol.base import UNSET
from spindled_protocol.types import ConfigWarningNotification, TextPosition, TextRange

if TYPE_CHECKING:
    from spindled.config.errors import ConfigWarning


def config_warning(warning: ConfigWarning) -> ConfigWarningNotification:
    span = warning.span
    return ConfigWarningNotification(
        summary=warning.summary,
        details=warning.details,
        path=str(warning.path) if warning.path else UNSET,
        range=TextRange(
            start=TextPosition(line=span.line, column=span.column),
            end=TextPosition(line=span.end_line, column=span.end_column),
        )
        if span
        else UNSET,
    )

"""experimentalFeature/list, experimentalFeature/enablement/set: what can be switched, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.settings import either
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.api.reading.pages import page
from spindled.api.threads.ids import thread_id
from spindled.config.features import FEATURES, enabled
from spindled_protocol.types import (
    ExperimentalFeature,
    ExperimentalFeatureEnablementSetResponse,
    ExperimentalFeatureListResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import ExperimentalFeatureEnablementSetParams, ExperimentalFeatureListParams


@handler
def experimental_feature_list(
    session: Session, params: ExperimentalFeatureListParams
) -> ExperimentalFeatureListResponse:
    application = session.application
    if wanted := either(params.threadId, None):
        config = application.threads.get(thread_id(wanted)).surroundings.config
    else:
        config = application.config(working_directory(None))
    shown, following = page(params, list(FEATURES.values()))
    data = [
        ExperimentalFeature(
            name=feature.name,
            stage=feature.stage,
            displayName=feature.title,
            description=feature.description,
            enabled=enabled(config.settings, feature.name),
            defaultEnabled=feature.default,
        )
        for feature in shown
    ]
    return ExperimentalFeatureListResponse(data=data, nextCursor=following)


@handler
def experimental_feature_enablement_set(
    session: Session, params: ExperimentalFeatureEnablementSetParams
) -> ExperimentalFeatureEnablementSetResponse:
    """For threads that start until the process ends; any configuration wins. Unknown names are passed over."""
    known = {name: on for name, on in params.enablement.items() if name in FEATURES}
    session.application.loader.features.update(known)
    return ExperimentalFeatureEnablementSetResponse(enablement=known)

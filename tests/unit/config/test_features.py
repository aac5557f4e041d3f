from __future__ import annotations

from typing import Any

import pytest

from spindled.config.features import ABSENT, FEATURES, enabled
from spindled.config.layers.keys import OTHERS
from spindled.config.schema import Settings


@pytest.mark.parametrize(
    ("value", "on"), [({}, None), (True, True), (False, False), ({"a": 1}, True), ({"enabled": False}, False)]
)
@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_is_as_it_is_set(name: str, value: Any, on: bool | None) -> None:
    settings = Settings(features={name: value} if on is not None else {})
    assert enabled(settings, name) is (FEATURES[name].default if on is None else on)


def test_features_bear_the_names_that_the_wire_s_clients_know() -> None:
    assert FEATURES.keys() | ABSENT <= OTHERS["features"]
    assert not FEATURES.keys() & ABSENT

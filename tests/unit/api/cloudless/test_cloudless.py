from __future__ import annotations

import msgspec
import pytest

from spindled.api.cloudless.cloudless import ANSWERS, Refused, Told, refusal
from spindled.api.routes import CLOUDLESS, ROUTES
from spindled_protocol import types
from spindled_protocol.methods import METHODS
from spindled_protocol.types import MarketplaceRemoveParams


@pytest.mark.parametrize("method", [name for name, answer in ANSWERS.items() if isinstance(answer, Told)])
def test_what_is_told_is_the_whole_result_of_its_type(method: str) -> None:
    answer = ANSWERS[method]
    assert isinstance(answer, Told)
    encoded = msgspec.json.encode(answer.result)
    typed = msgspec.json.decode(encoded, type=getattr(types, str(METHODS[method].result)))
    assert msgspec.json.decode(msgspec.json.encode(typed)) == msgspec.json.decode(encoded)


@pytest.mark.parametrize("method", [name for name, answer in ANSWERS.items() if isinstance(answer, Refused)])
def test_a_refusal_names_only_what_its_params_have(method: str) -> None:
    answer = ANSWERS[method]
    assert isinstance(answer, Refused)
    name = METHODS[method].params
    fields = (
        getattr(types, name).__struct_fields__ if name and hasattr(getattr(types, name), "__struct_fields__") else ()
    )
    assert answer.message.format_map(dict.fromkeys(fields, "x"))


def test_all_are_requests_and_none_is_answered_in_two_places() -> None:
    assert {METHODS[name].kind for name in CLOUDLESS} == {"client_request"}
    assert all(ROUTES[name] is route for name, route in CLOUDLESS.items())
    assert all(CLOUDLESS[name].by_method for name in ANSWERS)


def test_a_long_name_is_not_repeated_in_full_and_is_no_template() -> None:
    params = MarketplaceRemoveParams(marketplaceName="{a}" * 1000)
    error = refusal(ANSWERS["marketplace/remove"], params, logged_in=False)  # type: ignore[arg-type]
    assert "{a}{a}" in error.message
    assert len(error.message) < 200


def test_an_api_key_is_told_apart_from_no_login() -> None:
    limits = ANSWERS["account/rateLimits/read"]
    assert isinstance(limits, Refused)
    texts = [refusal(limits, None, logged_in=logged_in).message for logged_in in (False, True)]
    assert texts[0].startswith("codex account")
    assert texts[1].startswith("chatgpt")

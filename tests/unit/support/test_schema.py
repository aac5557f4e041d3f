"""The check of messages: what it lets pass, what it finds."""

from __future__ import annotations

import json

import pytest

from tests.support.schema import ReferenceSchema, check_types

DELTA = {"threadId": "t", "turnId": "u", "itemId": "i", "delta": "d"}


def notification(method="item/agentMessage/delta", **params):
    return {"method": method, "params": params, "emittedAtMs": 1}


def test_exact_messages_pass():
    check_types(notification(**DELTA))
    check_types({"id": 1, "result": {}}, "thread/archive")
    check_types({"id": 1, "error": {"code": -1, "message": "m"}}, "thread/archive")
    check_types({"id": 1, "result": {"anything": 1}}, "not a method")


@pytest.mark.parametrize(
    ("message", "answered", "fault"),
    [
        (notification(**{**DELTA, "delta": 1}), None, "Expected `str`"),
        (notification(**{**DELTA, "more": 1}), None, "/more is unknown"),
        (notification(threadId="t"), None, "missing required field"),
        (notification("no/such"), None, "unknown method"),
        ({"id": 1, **notification(**DELTA)}, None, "sent as server_request"),
        ({"id": 1, "result": {"x": 1}}, "thread/archive", "/x is unknown"),
        ({"id": 1, "error": {"code": "1", "message": "m"}}, "thread/archive", "error code"),
    ],
)
def test_faults_are_found(message, answered, fault):
    with pytest.raises(AssertionError, match=fault):
        check_types(message, answered)


def test_a_field_that_is_always_sent_must_be_there():
    error = {"message": "m", "codexErrorInfo": None, "additionalDetails": None, "misalignment": None}
    params = {"error": error, "willRetry": False, "threadId": "t", "turnId": "u"}
    check_types(notification("error", **params))
    del error["additionalDetails"]
    with pytest.raises(AssertionError, match="additionalDetails is missing"):
        check_types(notification("error", **params))


def test_reference_schema(tmp_path):
    method = {"properties": {"method": {"enum": ["item/agentMessage/delta"]}, "params": {"$ref": "#/definitions/P"}}}
    definitions = {"P": {"type": "object", "required": ["extra"]}}
    (tmp_path / "ServerNotification.json").write_text(json.dumps({"oneOf": [method], "definitions": definitions}))
    (tmp_path / "v2").mkdir()
    (tmp_path / "v2" / "ThreadArchiveResponse.json").write_text('{"maxProperties": 0}')
    schema = ReferenceSchema(tmp_path)
    schema.check(notification(extra=1))
    schema.check(notification("another/method"))
    schema.check({"id": 1, "result": {}}, "thread/archive")
    with pytest.raises(AssertionError, match="'extra' is a required"):
        schema.check(notification())
    with pytest.raises(AssertionError, match="thread/archive"):
        schema.check({"id": 1, "result": {"a": 1}}, "thread/archive")

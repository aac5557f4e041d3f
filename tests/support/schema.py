"""Checks every message of the daemon against the wire: our own types and, if at hand, a reference's JSON schema.

The environment variable SPINDLED_REFERENCE_SCHEMA names the folder that the reference's generate-json-schema made.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec

import spindled_protocol.types
from spindled_protocol.methods import METHODS

REFERENCE_SCHEMA = "SPINDLED_REFERENCE_SCHEMA"

Message = dict[str, Any]

OPEN = {"ConfigReadResponse": "config"}
"""Results with a member that may have members of its own that the wire does not name."""


def checker() -> Callable[[Message, str | None], None]:
    """The check for `Client.start`; it raises AssertionError."""
    folder = os.environ.get(REFERENCE_SCHEMA)
    reference = ReferenceSchema(Path(folder)) if folder else None

    def check(message: Message, answered: str | None) -> None:
        check_types(message, answered)
        if reference is not None:
            reference.check(message, answered)

    return check


def check_types(message: Message, answered: str | None = None) -> None:
    """Strict: the payload decodes as its type, and encoding that gives it back, so no field is missing or unknown.

    `answered` is the method that a response answers.
    """
    if "error" in message and "method" not in message:
        _check_error(message)
        return
    where, name, payload = _payload(message, answered)
    if name is None:
        return
    wire_type = getattr(spindled_protocol.types, name)
    try:
        decoded = msgspec.convert(payload, wire_type, strict=True)
    except msgspec.ValidationError as error:
        raise AssertionError(f"{where} is no {name}: {error}") from None
    again = msgspec.to_builtins(decoded)
    if name in OPEN:
        again = {**again, OPEN[name]: payload[OPEN[name]] | again[OPEN[name]]}
    assert again == payload, f"{where} is not exactly {name}: {difference(payload, again)}"


class ReferenceSchema:
    """The JSON schema of the reference; methods that it does not have are passed over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = cache(self._read_file)

    def check(self, message: Message, answered: str | None = None) -> None:
        validator = self._validator(message, answered)
        if validator is None:
            return
        subject = message if "method" in message else message["result"]
        errors = list(validator.iter_errors(subject))
        if errors:
            worst = jsonschema.exceptions.best_match(errors)
            path = "/".join(map(str, worst.absolute_path))
            raise AssertionError(
                f"{message.get('method') or answered}: reference schema: {path}: {worst.message}"[:1000]
            )

    def _validator(self, message: Message, answered: str | None) -> jsonschema.Draft7Validator | None:
        if "method" in message:
            return self._branches("ServerRequest" if "id" in message else "ServerNotification").get(message["method"])
        method = METHODS.get(answered or "")
        if "result" not in message or method is None or method.result is None:
            return None
        return self._result(method.result)

    @cache  # noqa: B019  (one object a run)
    def _branches(self, name: str) -> dict[str, jsonschema.Draft7Validator]:
        """Method -> validator: naming the branch makes errors readable and the check fast."""
        whole = self._read(f"{name}.json")
        definitions = whole["definitions"]
        return {
            branch["properties"]["method"]["enum"][0]: jsonschema.Draft7Validator(
                {**branch, "definitions": definitions}
            )
            for branch in whole["oneOf"]
        }

    @cache  # noqa: B019
    def _result(self, name: str) -> jsonschema.Draft7Validator | None:
        for folder in ("v2/", "v1/", ""):
            if (self._folder / f"{folder}{name}.json").exists():
                return jsonschema.Draft7Validator(self._read(f"{folder}{name}.json"))
        return None

    def _read_file(self, name: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self._folder / name).read_text())
        return document


def difference(one: Any, other: Any, path: str = "") -> str:
    """The first place where two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            if key not in one or key not in other:
                return f"{path}/{key} is {'missing' if key not in one else 'unknown'}"
            if one[key] != other[key]:
                return difference(one[key], other[key], f"{path}/{key}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            if left != right:
                return difference(left, right, f"{path}/{index}")
    return f"{path}: {json.dumps(one)[:200]}, not {json.dumps(other)[:200]}"


def _payload(message: Message, answered: str | None) -> tuple[str, str | None, Any]:
    """(where, name of its type, value) of what is typed in a message."""
    if "method" in message:
        method = METHODS.get(message["method"])
        assert method is not None, f"unknown method {message['method']}"
        kind = "server_request" if "id" in message else "server_notification"
        assert method.kind == kind, f"{message['method']} sent as {kind}"
        return message["method"], method.params, message.get("params")
    method = METHODS.get(answered or "")
    return f"result of {answered}", method.result if method else None, message.get("result")


def _check_error(message: Message) -> None:
    error = message["error"]
    assert isinstance(error, dict), f"error is {error!r}"
    assert isinstance(error.get("code"), int), f"error code is {error.get('code')!r}"
    assert isinstance(error.get("message"), str), f"error message is {error.get('message')!r}"
    assert set(error) <= {"code", "message", "data"}, f"error has {sorted(error)}"

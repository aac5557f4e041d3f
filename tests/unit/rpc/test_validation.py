"""What is wrong with params, in the words of the wire."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest

from spindled.rpc.errors import RpcError
from spindled.rpc.validation import decode_params


class Text(msgspec.Struct, tag="text", tag_field="type"):
    text: str


class Image(msgspec.Struct, tag="image", tag_field="type"):
    url: str


class Params(msgspec.Struct):
    threadId: str
    input: list[Text | Image] = []
    cwd: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=0)] | None = None
    approvalPolicy: Literal["never", "untrusted"] | None = None


CASES = [
    ("{}", "missing field `threadId`"),
    ("[]", "invalid type: sequence, expected a map"),
    ("null", "invalid type: null, expected a map"),
    ('{"threadId":5}', "invalid type: integer, expected a string at `threadId`"),
    ('{"threadId":"t","cwd":5}', "invalid type: integer, expected a string at `cwd`"),
    ('{"threadId":"t","limit":"ten"}', "invalid type: string, expected an integer at `limit`"),
    ('{"threadId":"t","limit":-1}', "expected `int` >= 0 at `limit`"),
    ('{"threadId":"t","approvalPolicy":"sometimes"}', "unknown variant `sometimes` at `approvalPolicy`"),
    ('{"threadId":"t","input":[{"type":"nope"}]}', "unknown variant `nope` at `input[0].type`"),
    ('{"threadId":"t","input":[{"type":"text"}]}', "missing field `text` at `input[0]`"),
    ('{"threadId":"t","input":[{}]}', "missing field `type` at `input[0]`"),
    ('{"threadId":"t","input":[5]}', "invalid type: integer, expected a map at `input[0]`"),
]


@pytest.mark.parametrize(("params", "reason"), CASES, ids=[c[0] for c in CASES])
def test_reasons(params: str, reason: str) -> None:
    with pytest.raises(RpcError) as caught:
        decode_params(msgspec.json.Decoder(Params), params.encode())
    assert (caught.value.code, caught.value.message) == (-32600, f"Invalid request: {reason}")


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(RpcError, match="Invalid request"):
        decode_params(msgspec.json.Decoder(Params), b'{"threadId":"\xff"}')

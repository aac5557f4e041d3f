from __future__ import annotations

import pytest

from spindled.api.threads.ids import thread_id
from spindled.rpc.errors import RpcError

ID = "01a1fddc-c639-73be-886c-67f093080fe4"


@pytest.mark.parametrize("text", [ID, ID.upper(), ID.replace("-", ""), f"{{{ID}}}"])
def test_one_form(text: str) -> None:
    assert thread_id(text) == ID


@pytest.mark.parametrize("text", ["", "x", "../../etc/passwd", ID + "0", ID[:-1] + "g", "\0" * 36])
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(RpcError, match="invalid thread id"):
        thread_id(text)


def test_long_texts_are_cut_in_the_error() -> None:
    with pytest.raises(RpcError) as caught:
        thread_id("x" * 100_000)
    assert len(caught.value.message) < 200

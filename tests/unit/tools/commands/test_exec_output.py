from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spindled.process.tail import HeadTail
from spindled.tools.commands.exec_output import report, shortened, token_count


@given(st.text(max_size=300), st.integers(1, 30))
def test_both_ends_within_the_budget(text: str, tokens: int) -> None:
    output = HeadTail(10_000)
    output.append(text.encode("utf-8"))
    shown = shortened(output, tokens)
    if len(text.encode("utf-8")) <= tokens * 4:
        assert shown == text
        return
    before, _, after = shown.partition("\n[... ")
    assert text.startswith(before)
    assert text.endswith(after.partition(" tokens left out ...]\n")[2])
    assert "\ufffd" not in shown or "\ufffd" in text


def test_report() -> None:
    output = HeadTail(100)
    output.append(b"made\n")
    assert report(output, 0.25, "Process exited with code 0", 10) == (
        "Wall time: 0.2500 seconds\nProcess exited with code 0\nOriginal token count: 2\nOutput:\nmade\n"
    )
    assert token_count(0) == 0

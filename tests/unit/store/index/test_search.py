from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.store.index.search import may_contain, occurrences
from spindled_protocol.types import AgentMessageThreadItem, TextUserInput, Turn, UserMessageThreadItem

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=400)


def turn(question: str, reply: str) -> Turn:
    asked = UserMessageThreadItem(id="q", clientId=None, content=[TextUserInput(text=question)])
    return Turn(id="t", items=[asked, AgentMessageThreadItem(id="a", text=reply)], status="completed")


@given(TEXT, TEXT, TEXT)
def test_the_range_is_that_of_the_term_as_clients_count(before: str, term: str, after: str) -> None:
    found = list(occurrences([turn("", before + term + after)], term))
    assert found
    for hit in found:
        units = hit.snippet.encode("utf-16-le")
        assert units[hit.start * 2 : hit.end * 2].decode("utf-16-le").lower() == term.lower() or not term.isascii()


def test_in_the_order_of_the_thread() -> None:
    turns = [turn("Cat and cat", "no"), turn("none", "CAT")]
    found = [(hit.place, hit.item_id, hit.start) for hit in occurrences(turns, "cat")]
    assert found == [(0, "q", 0), (0, "q", 8), (1, "a", 0)]


@pytest.mark.parametrize("term", ["plain", 'quo"te', "back\\slash", "line\nend", "Ünïcode", "a.*b"])
def test_a_rollout_with_the_term_is_never_passed_over(tmp_path: Path, term: str) -> None:
    path = tmp_path / "rollout"
    path.write_text(json.dumps({"text": f"x {term.upper()} y"}, ensure_ascii=False))
    assert may_contain(path, term)
    assert not may_contain(path, "elsewhere")


def test_a_term_across_two_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spindled.store.index.search._BLOCK", 4)
    path = tmp_path / "rollout"
    path.write_text("abcdefghij")
    assert may_contain(path, "defg")


def test_a_rollout_that_begins_in_another_file_may_have_it_there(tmp_path: Path) -> None:
    path = tmp_path / "rollout"
    path.write_text('{"history_base":{"thread_id":"t"}}')
    assert may_contain(path, "zebra")


def test_a_file_that_is_gone_has_nothing(tmp_path: Path) -> None:
    assert not may_contain(tmp_path / "none", "x")

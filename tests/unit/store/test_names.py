from __future__ import annotations

import json
from pathlib import Path

import pytest

from spindled.store import names
from spindled.store.errors import StoreError
from spindled.store.rollout.payloads import Git


def test_the_last_name_counts(home: Path) -> None:
    assert names.load_names(home) == {}
    for name in ("first", "other", "last"):
        names.append_name(home, "b" if name == "other" else "a", name)
    assert names.load_names(home) == {"a": "last", "b": "other"}


def test_names_have_the_references_form(home: Path) -> None:
    names.append_name(home, "a", "My name")
    line = json.loads((home / "session_index.jsonl").read_text())
    assert list(line) == ["id", "thread_name", "updated_at"]


def test_a_torn_line_costs_nothing_else(home: Path) -> None:
    names.append_git(home, "a", Git(branch="main"))
    with (home / "thread_metadata.jsonl").open("ab") as file:
        file.write(b'{"id": "b", "git')
    names.append_git(home, "c", Git(branch="next"))
    assert names.load_git(home) == {"a": Git(branch="main"), "c": Git(branch="next")}


def test_says_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(StoreError, match="session_index"):
        names.append_name(tmp_path / "home", "a", "x")

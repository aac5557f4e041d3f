from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spindled.tools.base import FileSnapshot
from spindled.tools.patch.diff import TurnDiff, unified


def test_the_wire_form_of_an_update() -> None:
    before = "".join(f"line {n}\n" for n in range(1, 41))
    after = before.replace("line 11\n", "LINE 11\n").replace("line 15\n", "LINE 15\n").replace("line 30\n", "")
    assert unified(before, after, 1) == (
        "@@ -10,3 +10,3 @@\n line 10\n-line 11\n+LINE 11\n line 12\n"
        "@@ -14,3 +14,3 @@\n line 14\n-line 15\n+LINE 15\n line 16\n"
        "@@ -29,3 +29,2 @@\n line 29\n-line 30\n line 31\n"
    )
    assert unified(before, after, 3).startswith("@@ -8,11 +8,11 @@\n line 8\n")


@pytest.mark.parametrize(
    ("before", "after", "diff"),
    [
        ("one\ntwo", "one\nTWO\n", "@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+TWO\n"),
        ("a\r\nb\r\n", "a\r\nB\r\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+B\r\n"),
        ("", "x\n", "@@ -0,0 +1 @@\n+x\n"),
        ("x\n", "x\n", ""),
    ],
)
def test_edges(before: str, after: str, diff: str) -> None:
    assert unified(before, after, 1) == diff


TEXT = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=20).map("".join) | st.text("ab\n", max_size=20)


@settings(max_examples=40, deadline=None)
@given(TEXT, TEXT, st.sampled_from([1, 3]))
def test_git_can_apply_it(tmp_path_factory: pytest.TempPathFactory, before: str, after: str, context: int) -> None:
    folder = tmp_path_factory.mktemp("diff")
    (folder / "f").write_text(before)
    diff = unified(before, after, context)
    if diff:
        patch = f"--- a/f\n+++ b/f\n{diff}"
        subprocess.run(["git", "apply", "--unidiff-zero", "-p1", "-"], cwd=folder, input=patch.encode(), check=True)
    assert (folder / "f").read_text() == after


def snapshot(path: Path, before: str | None, after: str | None, moved_from: Path | None = None) -> FileSnapshot:
    return FileSnapshot(path=path, before=before, after=after, moved_from=moved_from)


def test_a_turn_as_the_wire_shows_it(tmp_path: Path) -> None:
    diff = TurnDiff(tmp_path)
    diff.add([snapshot(tmp_path / "b.txt", "old\nkeep\n", "new\nkeep\n", tmp_path / "a.txt")])
    diff.add([snapshot(tmp_path / "new.txt", None, "one\ntwo\n")])
    assert diff.render() == (
        "diff --git a/a.txt b/b.txt\n"
        "index 438999b0e222bae98dc7c582fa2467c7d2da8917..4c0acd2717df01e95a53f5bac022f08b2c2877fa\n"
        "--- a/a.txt\n+++ b/b.txt\n@@ -1,2 +1,2 @@\n-old\n+new\n keep\n"
        "diff --git a/new.txt b/new.txt\nnew file mode 100644\n"
        "index 0000000000000000000000000000000000000000..814f4a422927b82f5f8a43f8fab6d3839e3983f2\n"
        "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n"
    )


def test_first_text_against_last(tmp_path: Path) -> None:
    diff = TurnDiff(tmp_path)
    file = tmp_path / "f"
    diff.add([snapshot(file, "1\n", "2\n")])
    diff.add([snapshot(file, "2\n", "3\n")])
    assert diff.render().endswith("@@ -1 +1 @@\n-1\n+3\n")
    diff.add([snapshot(file, "3\n", "1\n")])
    assert diff.render() == ""


def test_names_are_relative_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    diff = TurnDiff(tmp_path / "sub")
    diff.add([snapshot(tmp_path / "sub/f", "x\n", None)])
    assert diff.render().startswith("diff --git a/sub/f b/sub/f\ndeleted file mode 100644\n")

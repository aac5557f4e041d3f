from __future__ import annotations

import difflib
import os
import stat
from itertools import chain, combinations
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spindled.tools.files.text_files import DISK, DiskWrite, FileChangeError
from spindled.tools.patch import PatchError, Plan, edits, parse, plan
from spindled.tools.patch.apply import updated
from spindled.tools.patch.parser import AddFile, DeleteFile, Hunk, Operation, UpdateFile


def planned(cwd: Path, body: str) -> Plan:
    return plan(parse(f"*** Begin Patch\n{body}\n*** End Patch"), cwd, DISK.read)


def write(result: Plan) -> None:
    DiskWrite(edits(result)).apply()


def apply(cwd: Path, body: str) -> None:
    write(planned(cwd, body))


def make_hunks(before: list[str], after: list[str], context: int) -> list[Hunk]:
    hunks = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for group in matcher.get_grouped_opcodes(context):
        lines: list[tuple[str, str]] = []
        for tag, a, b, c, d in group:
            if tag == "equal":
                lines += [(" ", line) for line in before[a:b]]
            else:
                lines += [("-", line) for line in before[a:b]] + [("+", line) for line in after[c:d]]
        at_end = group[-1][2] == len(before)
        hunks.append(Hunk(tuple(lines), (), at_end, len(hunks) + 1))
    return hunks


LINES = st.lists(st.sampled_from("abcde") | st.text("xyz \t€", max_size=6), max_size=25)


@given(LINES, LINES, st.sampled_from(["\n", "\r\n"]), st.integers(1, 4))
def test_a_made_patch_gives_the_other_file_or_is_refused(
    before: list[str], after: list[str], ending: str, context: int
) -> None:
    old = "".join(line + ending for line in before)
    new = "".join(line + (ending if before else "\n") for line in after)
    try:
        result = updated(old, make_hunks(before, after, context), "f")
    except PatchError as error:
        assert "fits at line" in str(error)  # repeated lines and too little context: never a wrong place
        return
    assert result == new


@given(LINES, LINES)
def test_whole_context_is_never_refused(before: list[str], after: list[str]) -> None:
    old = "".join(line + "\n" for line in before)
    hunks = make_hunks(before, after, len(before) + 1)
    assert updated(old, hunks, "f") == "".join(line + "\n" for line in after)


def test_add_update_move_delete(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old\nkeep\n")
    (tmp_path / "gone").write_text("x")
    apply(
        tmp_path,
        "*** Update File: a.txt\n*** Move to: deep/er/b.txt\n@@\n-old\n+new\n"
        "*** Add File: new/one.txt\n+one\n*** Delete File: gone",
    )
    assert (tmp_path / "deep/er/b.txt").read_text() == "new\nkeep\n"
    assert (tmp_path / "new/one.txt").read_text() == "one\n"
    assert sorted(os.listdir(tmp_path)) == ["deep", "new"]


def test_add_over_a_file_replaces_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("long\ntext\n")
    apply(tmp_path, "*** Add File: a\n+over")
    assert (tmp_path / "a").read_text() == "over\n"


def test_operations_see_what_earlier_ones_did(tmp_path: Path) -> None:
    apply(tmp_path, "*** Add File: a\n+one\n*** Update File: a\n-one\n+two\n*** Update File: a\n+three")
    assert (tmp_path / "a").read_text() == "two\nthree\n"


def test_modes_are_kept(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o751)
    apply(tmp_path, "*** Update File: run.sh\n+echo")
    assert stat.S_IMODE(script.stat().st_mode) == 0o751
    apply(tmp_path, "*** Update File: run.sh\n*** Move to: moved.sh\n-echo\n+ls")
    assert stat.S_IMODE((tmp_path / "moved.sh").stat().st_mode) == 0o751


@pytest.mark.parametrize(
    ("before", "hunk", "after"),
    [
        ("a\r\nb\r\nc\r\n", "@@\n-b\n+B\n+D", "a\r\nB\r\nD\r\nc\r\n"),
        ("\ufeffa\nb\n", "@@\n-a\n+A", "\ufeffA\nb\n"),
        ("one\ntwo", "@@\n-two\n+TWO", "one\nTWO\n"),
        ("one\ntwo", "@@\n-one\n+ONE", "ONE\ntwo"),
        ("one\ntwo", "@@\n two\n+three", "one\ntwo\nthree\n"),
        ("", "@@\n+x", "x\n"),
        ("x  \ny\n", "@@\n-x\n+z", "z\ny\n"),
        ("    x\ny\n", "@@\n x\n-y\n+Y", "    x\nY\n"),
        ("say \u201chi\u201d \u2014 now\ny\n", '@@\n say "hi" - now\n-y\n+Y', "say \u201chi\u201d \u2014 now\nY\n"),
        ("def a\n  return\ndef b\n  return\n", "@@ def b\n-  return\n+  pass", "def a\n  return\ndef b\n  pass\n"),
        (
            "class A\n def f\n  x\nclass B\n def f\n  x\n",
            "@@ class B\n@@  def f\n-  x",
            "class A\n def f\n  x\nclass B\n def f\n",
        ),
        ("def a\ndef b\n", "@@ def a\n+  new", "def a\n  new\ndef b\n"),
        ("x\ny\nx\n", "@@\n-x\n+z\n*** End of File", "x\ny\nz\n"),
        ("x\ny\nx\n", "@@\n-x\n+1\n@@\n-x\n+2", "1\ny\n2\n"),
        ("x\nx\n", "@@\n-x", "x\n"),
        ("a\nb\n", "@@\n-a\n-b", ""),
    ],
)
def test_text_outcomes(tmp_path: Path, before: str, hunk: str, after: str) -> None:
    (tmp_path / "f").write_bytes(before.encode())
    apply(tmp_path, f"*** Update File: f\n{hunk}")
    assert (tmp_path / "f").read_bytes().decode() == after


@pytest.mark.parametrize(
    ("hunk", "message"),
    [
        ("@@\n-x\n+z", "f: hunk 1 fits at line 1 and at line 3"),
        ("@@\n-y\n+z\n@@\n-nope", "f: hunk 2: these lines are not in the file"),
        ("@@ nope\n-x", "the anchor line 'nope' is not in the file"),
        ("@@\n-y\n*** End of File", "does not match the end"),
    ],
)
def test_hunks_that_do_not_fit(tmp_path: Path, hunk: str, message: str) -> None:
    (tmp_path / "f").write_text("x\ny\nx\n")
    (tmp_path / "g").write_text("g\n")
    with pytest.raises(PatchError, match=message):
        apply(tmp_path, f"*** Delete File: g\n*** Update File: f\n{hunk}")
    assert (tmp_path / "f").read_text() == "x\ny\nx\n"
    assert (tmp_path / "g").exists()


@pytest.mark.parametrize("operation", ["Update File: missing\n+x", "Delete File: missing", "Delete File: folder"])
def test_what_is_no_file(tmp_path: Path, operation: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(PatchError, match=r"no such file|[dD]irectory"):
        apply(tmp_path, f"*** {operation}")


@pytest.mark.parametrize("make", [lambda path: path.write_bytes(b"\xff\xfe\0"), os.mkfifo])
def test_what_is_no_text(tmp_path: Path, make: object) -> None:
    make(tmp_path / "f")  # type: ignore[operator]
    with pytest.raises(PatchError, match=r"f: is not (UTF-8 text|a regular file)"):
        apply(tmp_path, "*** Update File: f\n@@\n-b")


def test_a_link_is_followed_for_text_and_removed_as_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x\n")
    (tmp_path / "link").symlink_to("real")
    result = planned(tmp_path, "*** Update File: link\n-x\n+y")
    assert list(result.targets) == [tmp_path / "real"]
    write(result)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "y\n"
    apply(tmp_path, "*** Delete File: link")
    assert (tmp_path / "real").exists()
    assert not (tmp_path / "link").is_symlink()


def test_a_failing_write_takes_the_earlier_ones_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x\n")
    result = planned(tmp_path, "*** Update File: a\n-x\n+y\n*** Add File: n/b\n+b\n*** Add File: c\n+c")
    (tmp_path / "c").mkdir()  # appeared since the plan was made
    with pytest.raises(FileChangeError, match="nothing was changed"):
        write(result)
    assert (tmp_path / "a").read_text() == "x\n"
    assert sorted(os.listdir(tmp_path)) == ["a", "c"]


def test_a_file_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x\n")
    result = planned(tmp_path, "*** Update File: a\n-x\n+y")
    (tmp_path / "a").write_text("theirs\n")
    with pytest.raises(FileChangeError, match="changed by someone else"):
        write(result)
    assert (tmp_path / "a").read_text() == "theirs\n"


def test_a_folder_swapped_for_a_link_meanwhile_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    result = planned(tmp_path, "*** Add File: in/f\n+x")
    (tmp_path / "in").rmdir()
    (tmp_path / "in").symlink_to("out")
    with pytest.raises(FileChangeError, match="link"):
        write(result)
    assert not list((tmp_path / "out").iterdir())


# -- a part of a patch

FOUR = (
    "*** Update File: changed\n-old\n+new\n*** Add File: sub/added\n+a\n"
    "*** Delete File: gone\n*** Update File: moved\n*** Move to: there"
)
NAMES = ("changed", "sub/added", "gone", "moved")


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("chosen", [*chain.from_iterable(combinations(NAMES, size) for size in range(5))])
def test_exactly_the_chosen_files_change(tmp_path: Path, chosen: tuple[str, ...]) -> None:
    for name in ("changed", "gone", "moved", "other"):
        (tmp_path / name).write_text("old\n")
    write(planned(tmp_path, FOUR).only({str(tmp_path / name) for name in chosen}))
    expected = {"changed": "old\n", "gone": "old\n", "moved": "old\n", "other": "old\n"}
    if "changed" in chosen:
        expected["changed"] = "new\n"
    if "sub/added" in chosen:
        expected["sub/added"] = "a\n"
    if "gone" in chosen:
        del expected["gone"]
    if "moved" in chosen:
        expected["there"] = expected.pop("moved")
    assert tree(tmp_path) == expected


ANY_NAME = st.sampled_from("abcd")
OPERATIONS = st.lists(
    st.builds(AddFile, ANY_NAME, st.sampled_from(["1\n", "2\n"]))
    | st.builds(DeleteFile, ANY_NAME)
    | st.builds(UpdateFile, ANY_NAME, st.just(()), ANY_NAME)
    | st.builds(lambda name, text: UpdateFile(name, (Hunk((("+", text),)),)), ANY_NAME, st.sampled_from("xy")),
    min_size=1,
    max_size=6,
)
FILES = st.dictionaries(ANY_NAME.map(lambda name: Path("/nowhere") / name), st.sampled_from(["1\n", "x\n"]))


@given(OPERATIONS, FILES, st.sets(ANY_NAME))
def test_a_part_is_what_it_is_alone_or_refused(
    operations: list[Operation], files: dict[Path, str], names: set[str]
) -> None:
    """Also where the parts have to do with one another: what is chosen never brings anything else along."""
    cwd = Path("/nowhere")
    try:
        whole = plan(operations, cwd, files.get)
    except PatchError:
        assume(False)
    chosen = [operation for operation in operations if operation.path in names]
    try:
        part = whole.only({str(cwd / name) for name in names})
    except PatchError as error:
        assert "builds on one that is left out" in str(error)
        assert len(chosen) < len(operations)
        return
    assert edits(part) == edits(plan(chosen, cwd, files.get))
    assert [change.name for change in part.changes] == [operation.path for operation in chosen]

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from spindled.config.project import project_docs
from spindled.config.schema import Config

Loaded = Callable[..., Config]
Write = Callable[[str, str], Path]


def test_from_home_and_the_root_downwards(loaded: Loaded, home: Path, project: Path, write: Write) -> None:
    write("home/AGENTS.md", "home")
    write("AGENTS.md", "above the project")
    write("project/AGENTS.md", "root")
    write("project/sub/AGENTS.override.md", "over")
    write("project/sub/AGENTS.md", "under")
    docs = project_docs(loaded(cwd=project / "sub"))
    assert docs.sources == [home / "AGENTS.md", project / "AGENTS.md", project / "sub/AGENTS.override.md"]
    assert [doc.text for doc in docs.project] == ["root", "over"]
    assert docs.skipped == ()


def test_nothing(loaded: Loaded, project: Path) -> None:
    assert project_docs(loaded(cwd=project)).sources == []


def test_without_a_marker_only_the_working_directory_counts(loaded: Loaded, tmp_path: Path, write: Write) -> None:
    write("a/AGENTS.md", "a")
    write("a/b/AGENTS.md", "b")
    assert [doc.text for doc in project_docs(loaded(cwd=tmp_path / "a/b")).project] == ["b"]
    config = loaded('project_root_markers = [".hg"]', cwd=tmp_path / "a/b")
    (tmp_path / "a/.hg").mkdir()
    assert [doc.text for doc in project_docs(config).project] == ["b"]
    config = loaded('project_root_markers = [".hg"]', cwd=tmp_path / "a/b")
    assert [doc.text for doc in project_docs(config).project] == ["a", "b"]


def test_fallback_names(loaded: Loaded, project: Path, write: Write) -> None:
    write("project/CLAUDE.md", "other")
    write("project/sub/CLAUDE.md", "other")
    write("project/sub/AGENTS.md", "ours")
    config = loaded('project_doc_fallback_filenames = ["CLAUDE.md"]', cwd=project / "sub")
    assert [doc.text for doc in project_docs(config).project] == ["other", "ours"]


def test_the_bound_is_for_all_of_the_project(loaded: Loaded, home: Path, project: Path, write: Write) -> None:
    write("home/AGENTS.md", "own")
    write("project/AGENTS.md", "abcdef")
    write("project/sub/AGENTS.md", "x")
    docs = project_docs(loaded("project_doc_max_bytes = 3", cwd=project / "sub"))
    assert [(doc.text, doc.truncated) for doc in docs.project] == [("abc", True)]
    assert docs.home is not None
    assert docs.home.text == "own"
    docs = project_docs(loaded("project_doc_max_bytes = 7", cwd=project / "sub"))
    assert [(doc.text, doc.truncated) for doc in docs.project] == [("abcdef", False), ("x", False)]
    assert project_docs(loaded("project_doc_max_bytes = 0", cwd=project)).sources == []


def test_a_cut_never_splits_a_character(loaded: Loaded, project: Path, write: Write) -> None:
    write("project/AGENTS.md", "aéé")
    (doc,) = project_docs(loaded("project_doc_max_bytes = 4", cwd=project)).project
    assert doc.text == "aé"


def test_bad_bytes_are_replaced(loaded: Loaded, project: Path) -> None:
    (project / "AGENTS.md").write_bytes(b"a\xff\xc3")
    (doc,) = project_docs(loaded(cwd=project)).project
    assert doc.text == "a\ufffd\ufffd"


def test_blank_files_say_nothing(loaded: Loaded, project: Path, write: Write) -> None:
    write("project/AGENTS.override.md", " \n")
    write("project/AGENTS.md", "hidden by the override")
    assert project_docs(loaded(cwd=project)).sources == []


def test_what_cannot_be_read_is_named(loaded: Loaded, project: Path, write: Write) -> None:
    os.mkfifo(project / "AGENTS.override.md")
    write("project/AGENTS.md", "still read")
    (project / "sub/AGENTS.md").symlink_to("AGENTS.md")
    docs = project_docs(loaded(cwd=project / "sub"))
    assert [doc.text for doc in docs.project] == ["still read"]
    assert docs.skipped[0] == (project / "AGENTS.override.md", "not a regular file")
    assert docs.skipped[1][0] == project / "sub/AGENTS.md"


def test_links_leave_only_a_trusted_project(loaded: Loaded, project: Path, write: Write) -> None:
    secret = write("elsewhere/secret", "private")
    (project / "AGENTS.md").symlink_to(secret)
    (project / "sub/AGENTS.md").symlink_to("../notes.md")
    write("project/notes.md", "notes")
    docs = project_docs(loaded(cwd=project / "sub"))
    assert [doc.text for doc in docs.project] == ["notes"]
    assert "not trusted" in docs.skipped[0][1]
    trusted = f'[projects."{project}"]\ntrust_level = "trusted"\n'
    assert [doc.text for doc in project_docs(loaded(trusted, cwd=project)).project] == ["private"]


def test_the_home_document_is_not_read_twice(home: Path, write: Write) -> None:
    from spindled.config.layers.load import load

    write("home/AGENTS.md", "home")
    assert project_docs(load(home, cwd=home, environ={})).sources == [home / "AGENTS.md"]

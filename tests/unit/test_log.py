"""Where log records go."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from spindled import log


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("spindled")
    handlers, level = list(root.handlers), ours.level
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    ours.setLevel(level)


@pytest.mark.parametrize(
    ("verbosity", "named", "level"), [(0, "", 30), (1, "", 20), (5, "", 10), (0, "debug", 10), (1, "x", 20)]
)
def test_levels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verbosity: int, named: str, level: int) -> None:
    monkeypatch.setenv("SPINDLED_LOG", named)
    log.configure(verbosity, str(tmp_path / "log"))
    assert logging.getLogger("spindled.rpc").getEffectiveLevel() == level
    logging.getLogger("spindled.rpc").warning("for the file: %s", "ä")
    assert "WARNING spindled.rpc: for the file: ä\n" in (tmp_path / "log").read_text("utf-8")


def test_libraries_keep_their_details_to_themselves(tmp_path: Path) -> None:
    log.configure(2, str(tmp_path / "log"))
    logging.getLogger("http").debug("authorization: x")
    assert (tmp_path / "log").read_text() == ""


def test_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure(0)
    logging.getLogger("spindled").error("%s", "x" * 10_000)
    assert capfd.readouterr().err.endswith("ERROR spindled: " + "x" * 10_000 + "\n")


def test_a_new_file_is_private(tmp_path: Path) -> None:
    log.configure(0, str(tmp_path / "log"))
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600

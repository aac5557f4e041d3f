from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spindled.store.index.index import Index
from spindled.store.library.library import Library

Open = Callable[[], Library]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def opened(home: Path) -> Iterator[Open]:
    """A library of the home, as another process would open it."""
    indexes = []

    def library() -> Library:
        indexes.append(Index(home / "spindled.sqlite"))
        return Library(home, indexes[-1].database)

    yield library
    for index in indexes:
        index.close()


@pytest.fixture
def library(opened: Open) -> Library:
    return opened()

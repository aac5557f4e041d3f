from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spindled.store.threads import ThreadStore


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[ThreadStore]:
    store = ThreadStore(home)
    yield store
    store.close()

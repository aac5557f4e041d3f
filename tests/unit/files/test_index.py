from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.files.index import EXACT, IN_NAME, LONGEST, Found, Index
from spindled.files.walk import Entry


def index(*paths: str) -> Index:
    """Of these paths; those that end in a slash are folders."""
    made = Index()
    made.extend(Entry("/r", path.rstrip("/"), path.endswith("/")) for path in paths)
    return made


def paths(found: list[Found]) -> list[str]:
    return [each.entry.path for each in found]


def test_the_exact_name_then_names_then_folders() -> None:
    found = index("main/other", "a/domain.py", "main/", "src/main", "src/main.py").search("Main", 50)
    assert paths(found) == ["src/main", "main", "src/main.py", "a/domain.py", "main/other"]
    assert [each.score // IN_NAME for each in found] == [3, EXACT // IN_NAME, 1, 1, 0]


def test_what_matched_is_shown_in_characters_of_the_path() -> None:
    made = index("é/xxü", "src/my-app-index.txt")
    assert made.search("xü", 50)[0].indices == [2, 4] or made.search("xü", 50)[0].indices == [3, 4]
    assert made.search("éü", 50)[0].indices == [0, 4]
    assert made.search("mai", 50)[0].indices == [4, 7, 11]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", []),
        ("   ", []),
        ("!", []),
        ("zzz", []),
        ("x" * (LONGEST + 1), []),
        ("src/m", ["src/main.py"]),
        ("py main", ["src/main.py"]),
        ("^do", ["docs/guide.md"]),
        ("md$", ["docs/guide.md"]),
        ("'ain", ["src/main.py"]),
        ("!src i", ["docs/guide.md"]),
        ("a\\ b", ["a b"]),
    ],
)
def test_queries(query: str, wanted: list[str]) -> None:
    assert paths(index("docs/guide.md", "src/main.py", "a b").search(query, 50)) == wanted


def test_the_limit_keeps_the_best() -> None:
    names = [f"x{number:04}/name" for number in range(300)]
    made = index(*(f"{name}s" for name in names), *names, "zz/name/")
    assert paths(made.search("name", 3)) == names[:3]
    assert len(made.search("name", 500)) == 500


def test_it_is_searched_while_it_grows() -> None:
    made = index("one")
    assert paths(made.search("o", 9)) == ["one"]
    made.extend([Entry("/r", "two", False)])
    assert sorted(paths(made.search("o", 9))) == ["one", "two"]


def has(path: str, query: str) -> bool:
    rest = iter(path.lower())
    return all(character in rest for character in query.lower())


PATHS = st.text("abcAB./_", min_size=1, max_size=40).filter(lambda path: "//" not in path and path.strip("/") == path)


@given(st.lists(PATHS, unique=True, max_size=30), st.text("abAB", min_size=1, max_size=4))
def test_exactly_those_that_hold_the_letters_in_order(all_paths: list[str], query: str) -> None:
    found = index(*all_paths).search(query, 100)
    assert sorted(paths(found)) == sorted(path for path in all_paths if has(path, query))
    for entry, _, indices in found:
        assert [entry.path[at].lower() for at in indices] == list(query.lower())
        assert indices == sorted(indices)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)

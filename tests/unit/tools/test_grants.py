from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from spindled.tools.grants import CommandGrant, FileGrant, Given, Grant, InputGrant, SessionGrants, ToolGrant

WORDS = st.sampled_from(["a", "b"])
GRANTS: st.SearchStrategy[Grant] = (
    st.builds(CommandGrant, st.tuples(WORDS), WORDS, st.booleans())
    | st.builds(InputGrant, WORDS, WORDS)
    | st.builds(FileGrant, WORDS.map(Path))
    | st.builds(ToolGrant, WORDS, WORDS)
)


@given(st.lists(st.tuples(st.sampled_from(["give", "take"]), GRANTS), max_size=30), st.lists(GRANTS, min_size=1))
def test_what_is_granted_is_what_was_given_and_not_taken(steps: list[tuple[str, Grant]], asked: list[Grant]) -> None:
    grants, expected, told = SessionGrants(), dict[Grant, str](), 0

    def count() -> None:
        nonlocal told
        told += 1

    grants.watch(count)
    changes = 0
    for number, (step, grant) in enumerate(steps):
        changes += (grant in expected) is (step == "take")
        if step == "give":
            grants.give(Given(id=str(number), grant=grant, at_ms=number))
            expected.setdefault(grant, str(number))
        else:
            grants.take(grant)
            expected.pop(grant, None)
    assert [(each.grant, each.id) for each in grants] == list(expected.items())
    assert grants.covers(*asked) is expected.keys().__ge__(set(asked))
    assert told == changes
    for grant, id in expected.items():
        found = grants.find(id)
        assert found is not None
        assert found.grant == grant
    assert grants.find("nothing") is None


def test_who_does_not_watch_any_more_is_not_told() -> None:
    grants, told = SessionGrants(), list[str]()

    def watcher() -> None:
        told.append("changed")

    grants.watch(watcher)
    for _ in range(2):
        grants.unwatch(watcher)
    grants.give(Given(id="1", grant=ToolGrant("s", "t"), at_ms=1))
    assert told == []

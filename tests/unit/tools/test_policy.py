from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from spindled.tools.grants import CommandGrant
from spindled.tools.policy import ALLOW, FORBID, NO_SANDBOX, PROMPT, Ask, Proposal, Refuse, Run, decide


class Rule(Struct):
    prefix: tuple[str, ...]
    decision: int
    justification: str | None = None

    def matches(self, words: Sequence[str]) -> bool:
        return tuple(words[: len(self.prefix)]) == self.prefix


def proposal(*commands: str, policy: str = "on-request", **options: Any) -> Proposal:
    words = [command.split() for command in commands]
    return Proposal(
        commands=words,
        mentioned=options.pop("mentioned", words),
        grant=CommandGrant(words=("x",), cwd="/"),
        approval_policy=policy,
        limited=options.pop("limited", False),
        confined=options.pop("confined", True),
        **options,
    )


@pytest.mark.parametrize("policy", ["never", "on-request"])
def test_full_access_runs_without_asking(policy: str) -> None:
    assert decide(proposal("ls", policy=policy), [], False) == Run()


def test_untrusted_always_asks() -> None:
    assert decide(proposal("ls -la", policy="untrusted"), [], False) == Ask(None, ["ls", "-la"])


def test_untrusted_runs_what_a_rule_or_a_grant_covers() -> None:
    rule = Rule(("ls",), ALLOW)
    assert decide(proposal("ls -la", policy="untrusted"), [rule], False) == Run(outside=True)
    assert decide(proposal("ls -la", policy="untrusted"), [], True) == Run(outside=True)


def test_the_amendment_is_the_first_command_without_a_rule() -> None:
    asked = decide(proposal("ls", "touch a", "rm b", policy="untrusted"), [Rule(("ls",), ALLOW)], False)
    assert asked == Ask(None, ["touch", "a"])


def test_one_uncovered_command_is_enough_to_ask() -> None:
    assert isinstance(decide(proposal("ls", "rm x", policy="untrusted"), [Rule(("ls",), ALLOW)], False), Ask)


def test_a_limited_command_without_a_sandbox() -> None:
    limited = {"limited": True, "confined": False}
    for policy in ("on-request", "untrusted"):
        assert decide(proposal("ls", policy=policy, **limited), [], False) == Ask(NO_SANDBOX, ["ls"])
    refused = decide(proposal("ls", policy="never", **limited), [], False)
    assert isinstance(refused, Refuse)
    assert NO_SANDBOX in refused.reason
    assert decide(proposal("ls", policy="never", **limited), [Rule(("ls",), ALLOW)], False) == Run(outside=True)


def test_a_confined_command_runs_and_its_escalation_is_asked_about() -> None:
    assert decide(proposal("ls", limited=True), [], False) == Run()
    escalated = proposal("ls", limited=True, escalated=True, justification="Why not?")
    assert decide(escalated, [], False) == Ask("Why not?", ["ls"])


def test_a_prompt_rule_asks_even_with_full_access_and_offers_no_rule() -> None:
    rules = [Rule(("git",), ALLOW), Rule(("git", "push"), PROMPT, "it is public")]
    asked = decide(proposal("git push"), rules, False)
    assert isinstance(asked, Ask)
    assert asked.amendment is None
    assert "it is public" in (asked.reason or "")
    assert isinstance(decide(proposal("git push", policy="never"), rules, False), Refuse)
    assert decide(proposal("git status", policy="untrusted"), rules, False) == Run(outside=True)


COMMAND = st.sampled_from(["ls", "rm -rf x", "git push", "echo a"])


@given(
    st.lists(COMMAND, min_size=1, max_size=3),
    st.sampled_from(["never", "on-request", "untrusted"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_the_forbidden_never_runs_and_never_asks_nothing_under_never(
    commands: list[str], policy: str, limited: bool, confined: bool, escalated: bool, granted: bool
) -> None:
    rules = [Rule(("rm",), FORBID), Rule(("rm", "-rf"), ALLOW), Rule(("ls",), ALLOW)]
    options = {"limited": limited, "confined": confined, "escalated": escalated}
    decision = decide(proposal(*commands, policy=policy, **options), rules, granted)
    if "rm -rf x" in commands:
        assert isinstance(decision, Refuse)
    if policy == "never":
        assert not isinstance(decision, Ask)
    if isinstance(decision, Run) and limited and not granted and set(commands) != {"ls"}:
        assert confined
        assert not escalated


def test_what_is_mentioned_is_forbidden_too() -> None:
    hidden = proposal("/bin/bash -lc $(rm)", mentioned=[["rm", "x"]])
    assert isinstance(decide(hidden, [Rule(("rm",), FORBID)], True), Refuse)


@pytest.mark.parametrize(("decision", "outcome"), [(FORBID, Refuse), (PROMPT, Ask), (ALLOW, Run)])
def test_any_rule_concerns_what_nobody_can_tell_apart(decision: int, outcome: type) -> None:
    tangled = proposal("/bin/bash -lc a|a|", mentioned=None)
    assert isinstance(decide(tangled, [Rule(("rm",), decision)], False), outcome)

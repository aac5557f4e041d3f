"""Whether a command runs, waits for the user, or is refused: a pure decision.

Order: what is forbidden is refused; what the user allowed runs; then the approval policy and the sandbox decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from spindled.tools.grants import CommandGrant

ALLOW, PROMPT, FORBID = 0, 1, 2


class CommandRule(Protocol):
    """A rule on the first words of a command. `decision`: ALLOW, PROMPT or FORBID; the greatest of several counts."""

    @property
    def decision(self) -> int: ...

    @property
    def justification(self) -> str | None: ...

    def matches(self, words: Sequence[str]) -> bool: ...


class Proposal(Struct, frozen=True, kw_only=True):
    """A command to judge.

    `commands`: the words of each of its simple commands, or the shell's own command line as the only one when the
    script is not plain. `mentioned`: every command that occurs in it, None if nobody can tell. `confined`: nothing more
    than the sandbox policy allows can happen. `limited`: the policy asks for a sandbox at all.
    """

    commands: Sequence[Sequence[str]]
    mentioned: Sequence[Sequence[str]] | None
    grant: CommandGrant
    approval_policy: str
    limited: bool
    confined: bool
    escalated: bool = False
    justification: str | None = None


class Run(Struct, frozen=True):
    """Go ahead. `outside`: the user's word stands in for the sandbox."""

    outside: bool = False


class Ask(Struct, frozen=True):
    reason: str | None = None
    amendment: list[str] | None = None


class Refuse(Struct, frozen=True):
    reason: str


NO_SANDBOX = "The sandbox policy limits this command, and no sandbox on this system can hold it to that."


def decide(proposal: Proposal, rules: Sequence[CommandRule], granted: bool) -> Run | Ask | Refuse:
    """`granted`: a session grant covers the proposal."""
    if forbidding := _first(rules, proposal, FORBID):
        return Refuse(f"a rule of the user forbids this command{_because(forbidding)}")
    decisions = [_decision(rules, words) for words in proposal.commands]
    asking = _first(rules, proposal, PROMPT)
    if granted or (not asking and all(decision == ALLOW for decision in decisions)):
        return Run(outside=True)
    reason = _why_ask(proposal, asking)
    if reason is None:
        return Run()
    if proposal.approval_policy == "never":
        return Refuse(f"it would need the user's approval, and the approval policy is `never`. {reason}".rstrip())
    uncovered = next(
        (words for words, decision in zip(proposal.commands, decisions, strict=True) if decision is None), None
    )
    # The user's words for an escalation come first; an always-ask needs no explanation.
    return Ask(proposal.justification or reason or None, list(uncovered) if uncovered and not asking else None)


def decide_input(approval_policy: str, limited: bool, confined: bool, granted: bool) -> Run | Ask | Refuse:
    """Whether text may be typed into a running command: a shell would run it, so it is judged like a command."""
    if granted or not (approval_policy == "untrusted" or (limited and not confined)):
        return Run()
    if approval_policy == "never":
        return Refuse("it would need the user's approval, and the approval policy is `never`.")
    return Ask()


def _why_ask(proposal: Proposal, asking: CommandRule | None) -> str | None:
    """Why the user must be asked; "" for no special reason, None when there is no need to ask."""
    if asking:
        return f"A rule of the user wants this command to be asked about{_because(asking)}."
    if proposal.limited and proposal.escalated:
        return "The command is to run outside the sandbox."
    if proposal.limited and not proposal.confined:
        return NO_SANDBOX
    return "" if proposal.approval_policy == "untrusted" else None


def _decision(rules: Sequence[CommandRule], words: Sequence[str]) -> int | None:
    return max((rule.decision for rule in rules if rule.matches(words)), default=None)


def _first(rules: Sequence[CommandRule], proposal: Proposal, decision: int) -> CommandRule | None:
    """The first rule with this decision that concerns the proposal; any, if it cannot be told what would run."""
    of_that = (rule for rule in rules if rule.decision == decision)
    if proposal.mentioned is None:
        return next(of_that, None)
    commands = [*proposal.commands, *proposal.mentioned]
    return next((rule for rule in of_that if any(rule.matches(words) for words in commands)), None)


def _because(rule: CommandRule) -> str:
    return f": {rule.justification}" if rule.justification else ""

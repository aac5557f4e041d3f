"""The language of command rules: `prefix_rule(pattern=["git", ["status", "log"]], decision="allow")`.

Read with Python's own parser, never run. A statement that cannot be understood is skipped with a problem that names
its line; `Rules.incomplete` tells whether one of those may have been a restriction.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    import ast

_UNSUPPORTED = frozenset({"network_rule", "host_executable"})
_ARGUMENTS = frozenset({"pattern", "decision", "match", "not_match", "justification"})


class _NoEffect(ValueError):
    """A statement that is right but says nothing about commands."""


class Decision(enum.IntEnum):
    """Ordered: of several matching rules the strictest counts."""

    ALLOW = 0
    PROMPT = 1
    FORBIDDEN = 2


class PrefixRule(Struct, frozen=True, kw_only=True):
    """Matches a command whose first words fit; each position lists its alternatives."""

    pattern: tuple[tuple[str, ...], ...]
    decision: Decision = Decision.ALLOW
    justification: str | None = None

    def matches(self, words: Sequence[str]) -> bool:
        return len(words) >= len(self.pattern) and all(
            word in choices for word, choices in zip(words, self.pattern, strict=False)
        )


class RuleProblem(NamedTuple):
    """Something in a rules file that has no effect. `line` is 1-based, 0 for the whole file."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


class Rules(Struct, frozen=True):
    """All rules in the order of their files. `incomplete`: a restriction may be among what was skipped."""

    rules: tuple[PrefixRule, ...] = ()
    problems: tuple[RuleProblem, ...] = ()
    incomplete: bool = False

    @property
    def in_force(self) -> tuple[PrefixRule, ...]:
        """The rules to go by: none allows anything while a prohibition may be missing."""
        if not self.incomplete:
            return self.rules
        return tuple(replace(rule, decision=max(rule.decision, Decision.PROMPT)) for rule in self.rules)


def parse_rules(text: str, path: Path) -> Rules:
    """The rules of one file's text."""
    if not text.strip():
        return Rules()
    rules: list[PrefixRule] = []
    problems: list[RuleProblem] = []
    incomplete = False
    for source, line, statement in _statements(text):
        try:
            if isinstance(statement, SyntaxError):
                raise ValueError(f"not understood: {statement.msg}")
            rules.append(_rule(statement))
        except ValueError as error:
            problems.append(RuleProblem(path, line, str(error)))
            incomplete |= not isinstance(error, _NoEffect) and _may_restrict(source)
    if incomplete:
        message = "a skipped rule may restrict commands: no command is allowed without a question"
        problems.append(RuleProblem(path, 0, message))
    return Rules(tuple(rules), tuple(problems), incomplete)


def _statements(text: str) -> Iterator[tuple[str, int, ast.stmt | SyntaxError]]:
    """The top-level statements with their source and line; after a mistake it goes on at the next line that parses."""
    import ast

    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from _salvaged(text)
        return
    for statement in body:
        yield ast.get_source_segment(text, statement) or text, statement.lineno, statement


def _salvaged(text: str) -> Iterator[tuple[str, int, ast.stmt | SyntaxError]]:
    import ast

    for source, line in _chunks(text):
        try:
            body = ast.parse(source).body
        except (ValueError, RecursionError, MemoryError):
            yield source, line, SyntaxError("too deeply nested, or a null character")
        except SyntaxError as error:
            yield source, line, error
        else:
            for statement in body:
                yield source, line + statement.lineno - 1, statement


def _chunks(text: str) -> Iterator[tuple[str, int]]:
    """A broken file, cut before every line that begins with a letter."""
    lines: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        if lines and line[:1].isalpha():
            yield "\n".join(lines), first
            lines, first = [], number
        lines.append(line)
    yield "\n".join(lines), first


def _may_restrict(source: str) -> bool:
    """Whether text that was not understood may say anything but "allow", which is also what no decision means."""
    import re

    return source.count("decision") > len(re.findall(r"""decision\s*=\s*(["'])allow\1""", source))


def _rule(statement: ast.stmt) -> PrefixRule:
    import ast

    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError("only prefix_rule(...) is understood")
    if call.func.id in _UNSUPPORTED:
        raise _NoEffect(f"{call.func.id}(...) has no effect here")
    if call.func.id != "prefix_rule":
        raise ValueError(f"unknown rule `{call.func.id}`")
    if call.args:
        raise ValueError("prefix_rule takes named arguments only")
    given: dict[str, Any] = {}
    for argument in call.keywords:
        if argument.arg not in _ARGUMENTS:
            raise ValueError(f"unknown argument `{argument.arg}`")
        try:
            given[argument.arg] = ast.literal_eval(argument.value)
        except (ValueError, TypeError, RecursionError, MemoryError):
            raise ValueError(f"`{argument.arg}` must be written out") from None
    return _checked(given)


def _checked(given: dict[str, Any]) -> PrefixRule:
    pattern = given.get("pattern")
    if not isinstance(pattern, list) or not pattern:
        raise ValueError("`pattern` must be a list of words")
    decision = given.get("decision", "allow")
    if decision not in ("allow", "prompt", "forbidden"):
        raise ValueError("`decision` must be allow, prompt or forbidden")
    rule = PrefixRule(
        pattern=tuple(_alternatives(part) for part in pattern),
        decision=Decision[decision.upper()],
        justification=given.get("justification") if isinstance(given.get("justification"), str) else None,
    )
    _check_examples(rule, given.get("match", []), True)
    _check_examples(rule, given.get("not_match", []), False)
    return rule


def _alternatives(part: object) -> tuple[str, ...]:
    choices = [part] if isinstance(part, str) else part
    if not isinstance(choices, list) or not choices or not all(isinstance(word, str) and word for word in choices):
        raise ValueError("`pattern` must hold words, or lists of words as alternatives")
    return tuple(choices)


def _check_examples(rule: PrefixRule, examples: object, wanted: bool) -> None:
    import shlex

    if not isinstance(examples, Iterable) or isinstance(examples, str):
        raise ValueError("examples must be a list")
    for example in examples:
        words = shlex.split(example) if isinstance(example, str) else example
        if not isinstance(words, list) or rule.matches(words) is not wanted:
            raise ValueError(f"the example {example!r} {'does not match' if wanted else 'matches'}")

"""The grammar of a script: a user's message in, directives out. See docs/scripted-model.md."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from .failures import parse_failure
from .items import Failure, Message, Reasoning, ToolCall

MOST_DELTAS = 1_000_000
WORDS = ("the ", "spindle ", "turns ", "and ", "the ", "thread ", "grows ", "longer ", "with ", "every ", "turn ")


class Marker(Struct, frozen=True):
    """`parallel` joins two calls in one response; `json` answers with the smallest value that the schema allows."""

    word: Literal["parallel", "json"]


class Fail(Struct, frozen=True):
    """A failure, given `times` times and then passed over; for good when None."""

    failure: Failure
    times: int | None


class Plain(Struct, frozen=True):
    """A message without directives."""

    text: str


Directive: TypeAlias = Message | Reasoning | ToolCall | Marker | Fail | Plain


class ScriptError(ValueError):
    """A line that starts like a directive and cannot be read as one; the text names the line."""


def parse(text: str) -> list[Directive]:
    """The directives of a message, in order; its other lines are comments. One Plain if there is no directive.

    Raises ScriptError.
    """
    lines = _Lines(text)
    found: list[Directive] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        reader = _READERS.get(word)
        if reader is None:
            continue
        try:
            found.append(reader(rest.strip(), lines))
        except ValueError as error:
            raise ScriptError(f"line {lines.number}: {word}: {error}") from None
    return found or [Plain(text.strip())]


class _Lines:
    """The lines of a message; a directive may take the lines after its own."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while self.number < len(self._lines):
            self.number += 1
            yield self._lines[self.number - 1].rstrip()

    def block(self) -> str:
        """The block below: fenced by ```, indented, or from `*** Begin Patch` to `*** End Patch`."""
        following = self._lines[self.number :]
        first = following[0] if following else ""
        if first.startswith("```"):
            return self._take(following[1:], until=lambda line: line.startswith("```"), skip=1)
        if first.startswith("*** Begin Patch"):
            return self._take(following[1:], until=lambda line: line.startswith("*** End Patch"), skip=1)
        return textwrap.dedent(self._take(following, until=lambda line: bool(line) and not line[0].isspace(), skip=0))

    def _take(self, lines: list[str], until: Callable[[str], bool], skip: int) -> str:
        size = next((index for index, line in enumerate(lines) if until(line)), len(lines))
        self.number = min(self.number + size + 2 * skip, len(self._lines))
        return "\n".join(lines[:size])


def _say(rest: str, lines: _Lines) -> Message:
    return Message.of(_unescape(_needed(rest, "TEXT")))


def _think(rest: str, lines: _Lines) -> Reasoning:
    return Reasoning(_unescape(_needed(rest, "TEXT")))


def _run(rest: str, lines: _Lines) -> ToolCall:
    return _function("exec_command", {"cmd": _needed(rest, "COMMAND")})


def _view(rest: str, lines: _Lines) -> ToolCall:
    return _function("view_image", {"path": _needed(rest, "FILE")})


def _plan(rest: str, lines: _Lines) -> ToolCall:
    steps = [step.strip() for step in _needed(rest, "STEP; STEP").split(";") if step.strip()]
    states = ["in_progress"] + ["pending"] * len(steps)
    return _function("update_plan", {"plan": [{"step": s, "status": t} for s, t in zip(steps, states, strict=False)]})


def _call(rest: str, lines: _Lines) -> ToolCall:
    name, _, payload = _needed(rest, "NAME JSON").partition(" ")
    namespace, _, tool = name.rpartition("/")
    payload = payload.strip() or "{}"
    custom = not payload.startswith("{")
    if not custom:
        try:
            msgspec.json.decode(payload)
        except msgspec.DecodeError as error:
            raise ValueError(f"arguments are not JSON: {error}") from None
    return ToolCall(name=tool, payload=payload, custom=custom, namespace=namespace or None)


def _patch(rest: str, lines: _Lines) -> ToolCall:
    body = lines.block().strip("\n").removeprefix("*** Begin Patch\n").removesuffix("\n*** End Patch")
    return _apply_patch(_needed(body, "a patch on the lines below"))


def _write(rest: str, lines: _Lines) -> ToolCall:
    file, _, text = _needed(rest, "FILE TEXT").partition(" ")
    return _apply_patch(f"*** Add File: {file}\n{_prefixed('+', _unescape(text))}")


def _replace(rest: str, lines: _Lines) -> ToolCall:
    match = re.fullmatch(r"(\S+) (.+?) -> ?(.*)", rest)
    if match is None:
        raise ValueError("wants FILE OLD -> NEW")
    file, old, new = match.groups()
    hunk = f"{_prefixed('-', _unescape(old))}\n{_prefixed('+', _unescape(new))}"
    return _apply_patch(f"*** Update File: {file}\n@@\n{hunk}")


def _stream(rest: str, lines: _Lines) -> Message:
    match = re.fullmatch(r"(\d+) words?(?: every (\d+) ms)?", rest)
    if match is None:
        raise ValueError("wants N words [every MS ms]")
    return _repeated(match[1], WORDS, int(match[2] or 0))


def _repeat(rest: str, lines: _Lines) -> Message:
    number, _, text = rest.partition(" ")
    if not number.isdecimal():
        raise ValueError("wants N TEXT")
    return _repeated(number, (_unescape(_needed(text, "TEXT")),), 0)


def _repeated(number: str, pieces: tuple[str, ...], every_ms: int) -> Message:
    count = int(number)
    if not 0 < count <= MOST_DELTAS:
        raise ValueError(f"N is from 1 to {MOST_DELTAS}")
    return Message(pieces=pieces, count=count, every_ms=every_ms)


def _parallel(rest: str, lines: _Lines) -> Marker:
    return Marker("parallel")


def _json(rest: str, lines: _Lines) -> Marker:
    return Marker("json")


def _fail(rest: str, lines: _Lines) -> Fail:
    failure, times = parse_failure(rest)
    return Fail(failure, times)


_READERS: dict[str, Callable[[str, _Lines], Directive]] = {
    "say": _say,
    "think": _think,
    "stream": _stream,
    "repeat": _repeat,
    "json": _json,
    "run": _run,
    "write": _write,
    "replace": _replace,
    "patch": _patch,
    "plan": _plan,
    "view": _view,
    "call": _call,
    "parallel": _parallel,
    "fail": _fail,
}


def _needed(value: str, what: str) -> str:
    if not value:
        raise ValueError(f"wants {what}")
    return value


def _function(name: str, arguments: dict[str, object]) -> ToolCall:
    return ToolCall(name=name, payload=msgspec.json.encode(arguments).decode())


def _apply_patch(body: str) -> ToolCall:
    return ToolCall(name="apply_patch", payload=f"*** Begin Patch\n{body}\n*** End Patch\n", custom=True)


def _prefixed(sign: str, text: str) -> str:
    return "\n".join(sign + line for line in text.removesuffix("\n").split("\n"))


_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\\": "\\"}


def _unescape(text: str) -> str:
    return re.sub(r"\\[nt\\]", lambda match: _ESCAPES[match[0]], text)

"""Where a key's value stands in a TOML text. Only for error messages: the text is known to be valid TOML."""

from __future__ import annotations

import re

from spindled.config.errors import KeyPath, Span

_SKIP = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_KEY = re.compile(r'[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|\'([^\'\n]*)\'|([A-Za-z0-9_-]+))[ \t]*')
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}#\n]*[^,\]}#\n\s]")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


def locate(text: str, path: KeyPath) -> Span | None:
    """The span of the value at `path`, else of the nearest table above it that is written in the text."""
    spans = _Scanner(text.replace("\r\n", "\n")).scan()
    for length in range(len(path), 0, -1):
        if span := spans.get(path[:length]):
            return span
    return None


class _Scanner:
    """One pass over a valid TOML text, noting the span of every value and table header."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.spans: dict[KeyPath, Span] = {}
        self.arrays: dict[KeyPath, int] = {}  # arrays of tables: the index of the last element

    def scan(self) -> dict[KeyPath, Span]:
        table: KeyPath = ()
        while self._skip() < len(self.text):
            start = self.at
            if self.text[start] != "[":
                self._pair(table)
                continue
            double = self.text.startswith("[[", start)
            self.at += 2 if double else 1
            table = self._header(self._keys(), double)
            self.at += 2 if double else 1
            self._note_parents(table, start)
        return self.spans

    def _header(self, names: list[str], double: bool) -> KeyPath:
        table: KeyPath = ()
        for number, name in enumerate(names, 1):
            table = (*table, name)
            if double and number == len(names):
                self.arrays[table] = self.arrays.get(table, -1) + 1
            if table in self.arrays:
                table = (*table, self.arrays[table])
        return table

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        path = (*table, *self._keys())
        self.at += 1  # the equals sign
        self._note_parents(path[:-1], start)
        self._value(path)

    def _keys(self) -> list[str]:
        names: list[str] = []
        while match := _KEY.match(self.text, self.at):
            double, single, bare = match.groups()
            names.append(_unescape(double) if double is not None else single if single is not None else bare)
            self.at = match.end()
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at += 1
        return names

    def _value(self, path: KeyPath) -> None:
        self._skip()
        start, first = self.at, self.text[self.at : self.at + 1]
        if first == "[":
            self._list(path)
        elif first == "{":
            self._inline_table(path)
        else:
            match = (_STRING if first in "\"'" else _SCALAR).match(self.text, start)
            self.at = match.end() if match else len(self.text)
        self.spans[path] = self._span(start, self.at)

    def _list(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while self._skip() < len(self.text) and self.text[self.at] != "]":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._value((*path, index))
            index += 1
        self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while self._skip() < len(self.text) and self.text[self.at] != "}":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._pair(path)
        self.at += 1

    def _skip(self) -> int:
        match = _SKIP.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def _note_parents(self, path: KeyPath, start: int) -> None:
        span = self._span(start, self.at)
        for length in range(1, len(path) + 1):
            self.spans.setdefault(path[:length], span)

    def _span(self, start: int, end: int) -> Span:
        return Span(*_line_column(self.text, start), *_line_column(self.text, max(start, end - 1)))


def _line_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _unescape(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        code, letter = match[1] or match[2] or match[3], match[4]
        return chr(int(code, 16)) if code else _ESCAPES.get(letter, letter)

    return re.sub(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", replace, text)

"""Command rules of the user: HOME/rules/*.rules, read, matched and added to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from spindled.config.home.files import read_bounded
from spindled.config.rules.rule_syntax import Decision, PrefixRule, RuleProblem, Rules, parse_rules

__all__ = ["Decision", "PrefixRule", "RuleProblem", "Rules", "append_rule", "read_rules", "rules_file"]

MAX_FILE_BYTES = 1024 * 1024


def rules_file(home: Path) -> Path:
    """The file that accepted rules are added to."""
    return home / "rules" / "default.rules"


def read_rules(home: Path) -> Rules:
    """Every HOME/rules/*.rules in the order of their names. Never raises for what is in them."""
    rules: list[PrefixRule] = []
    problems: list[RuleProblem] = []
    incomplete = False
    folder = home / "rules"
    try:
        paths = sorted(folder / name for name in os.listdir(folder) if name.endswith(".rules"))
    except FileNotFoundError:
        return Rules()
    except OSError as error:
        return Rules((), (RuleProblem(folder, 0, f"cannot be read: {error.strerror}"),), True)
    for path in paths:
        try:
            text = _read(path)
        except OSError as error:
            problems.append(RuleProblem(path, 0, f"cannot be read: {error.strerror}"))
            incomplete = True
            continue
        found = parse_rules(text, path)
        rules += found.rules
        problems += found.problems
        incomplete |= found.incomplete
    return Rules(tuple(rules), tuple(problems), incomplete)


def append_rule(home: Path, pattern: Sequence[str], decision: Decision = Decision.ALLOW) -> bool:
    """Add a rule to the user's rules; False if the same line is there already.

    The file is private (0600) and gets the line in one write, under a lock. Raises OSError, ValueError for an empty
    pattern.
    """
    import fcntl
    import json

    if not pattern:
        raise ValueError("a rule needs at least one word")
    words = ", ".join(json.dumps(word, ensure_ascii=False) for word in pattern)
    line = f'prefix_rule(pattern=[{words}], decision="{decision.name.lower()}")'
    path = rules_file(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with open(descriptor, "rb", closefd=False) as file:
            before = file.read()
        if line.encode() in before.splitlines():
            return False
        gap = "\n" if before and not before.endswith(b"\n") else ""
        os.write(descriptor, f"{gap}{line}\n".encode())
    finally:
        os.close(descriptor)
    return True


def _read(path: Path) -> str:
    data = read_bounded(path, MAX_FILE_BYTES)
    if len(data) > MAX_FILE_BYTES:
        raise OSError(0, f"larger than {MAX_FILE_BYTES} bytes")
    return data.decode("utf-8", "replace")

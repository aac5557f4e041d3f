from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spindled.config.rules.rule_syntax import parse_rules
from spindled.config.rules.rules import Decision, PrefixRule, Rules, append_rule, read_rules, rules_file

Write = Callable[[str, str], Path]
HERE = Path("x.rules")


def decide(text: str, command: str) -> Decision | None:
    return strictest(parse_rules(text, HERE), command)


def strictest(rules: Rules, command: str) -> Decision | None:
    return max((rule.decision for rule in rules.in_force if rule.matches(command.split())), default=None)


def test_prefixes_and_alternatives() -> None:
    text = 'prefix_rule(\n  pattern = ["git", ["status", "log"]],  # reads\n  decision = "allow",\n)\n'
    assert decide(text, "git status -s") is Decision.ALLOW
    assert decide(text, "git log") is Decision.ALLOW
    assert decide(text, "git push") is None
    assert decide(text, "git") is None


def test_allow_is_the_default() -> None:
    assert decide('prefix_rule(pattern=["ls"])', "ls -l") is Decision.ALLOW


def test_the_strictest_wins() -> None:
    text = (
        'prefix_rule(pattern=["git"], decision="prompt")\n'
        'prefix_rule(pattern=["git", "push", "-f"], decision="allow")\n'
        'prefix_rule(pattern=["rm"], decision="forbidden")\n'
        'prefix_rule(pattern=["rm", "-i"])\n'
    )
    assert decide(text, "git push -f") is Decision.PROMPT
    assert decide(text, "rm -i x") is Decision.FORBIDDEN


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('\nprefix_rule(pattern="ls")', 2, "must be a list"),
        ("prefix_rule(pattern=[])", 1, "must be a list"),
        ("prefix_rule(pattern=[[]])", 1, "alternatives"),
        ('prefix_rule(pattern=["a", 1])', 1, "alternatives"),
        ('prefix_rule(pattern=[""])', 1, "alternatives"),
        ('prefix_rule(["ls"])', 1, "named arguments"),
        ('prefix_rule(pattern=["a"], colour="red")', 1, "unknown argument `colour`"),
        ('prefix_rule(pattern=["a"], decision="maybe")', 1, "`decision` must be"),
        ('prefix_rule(pattern=["a"], decision=["allow"])', 1, "`decision` must be"),
        ("prefix_rule(pattern=open)", 1, "must be written out"),
        ("prefix_rule(**x)", 1, "unknown argument"),
        ('prefix_rule(pattern=["a"], match=["b c"])', 1, "does not match"),
        ('prefix_rule(pattern=["a"], not_match=[["a", "b"]])', 1, "matches"),
        ('prefix_rule(pattern=["a"], match=["\'"])', 1, ""),
        ("x = 1", 1, "only prefix_rule"),
        ('suffix_rule(pattern=["a"])', 1, "unknown rule"),
        ('network_rule(host="x", decision="deny")', 1, "no effect"),
        ("prefix_rule(pattern=[\n", 1, "not understood"),
        ("\0", 1, ""),
    ],
)
def test_a_bad_rule_is_skipped_and_named(text: str, line: int, message: str) -> None:
    rules = parse_rules(text + '\nprefix_rule(pattern=["ok"])\n', HERE)
    assert [rule.pattern for rule in rules.rules] == [(("ok",),)]
    assert str(rules.problems[0]).startswith(f"x.rules:{line}: ")
    assert message in rules.problems[0].message


@pytest.mark.parametrize(
    ("bad", "decision"),
    [
        ('prefix_rule(pattern=["rm"], decision="forbidden"', Decision.PROMPT),
        ('prefix_rule(pattern="rm", decision="forbidden")', Decision.PROMPT),
        ('prefix_rule(pattern=["rm"], decision="deny")', Decision.PROMPT),
        ('prefix_rule(\npattern=["rm",\ndecision="forbidden")', Decision.PROMPT),
        ('prefix_rule(pattern="rm", decision="allow")', Decision.ALLOW),
        ('network_rule(host="x", decision="deny")', Decision.ALLOW),
    ],
)
def test_a_lost_restriction_is_not_lost_silently(bad: str, decision: Decision) -> None:
    assert decide(bad + '\nprefix_rule(pattern=["ls"])\n', "ls") is decision


def test_a_lost_restriction_leaves_prohibitions(home: Path, write: Write) -> None:
    write("home/rules/a.rules", 'prefix_rule(pattern=["rm"], decision="forbidden")\n')
    write("home/rules/b.rules", 'prefix_rule(pattern=["mv"], decision="forbidden"\n')
    rules = read_rules(home)
    assert strictest(rules, "rm x") is Decision.FORBIDDEN
    assert rules.incomplete
    assert [problem.path.name for problem in rules.problems] == ["b.rules", "b.rules"]


def test_unreadable_files_fail_closed(home: Path, write: Write) -> None:
    write("home/rules/a.rules", 'prefix_rule(pattern=["ls"])\n')
    os.mkfifo(home / "rules" / "b.rules")
    rules = read_rules(home)
    assert strictest(rules, "ls") is Decision.PROMPT
    assert str(rules.problems[0]).endswith("b.rules: cannot be read: not a regular file")


def test_no_rules(home: Path) -> None:
    assert read_rules(home) == Rules()
    assert strictest(Rules(), "ls") is None


def test_append(home: Path) -> None:
    assert append_rule(home, ["touch", "made.txt"])
    assert not append_rule(home, ["touch", "made.txt"])
    path = rules_file(home)
    assert path.read_text() == 'prefix_rule(pattern=["touch", "made.txt"], decision="allow")\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(ValueError, match="at least one word"):
        append_rule(home, [])


def test_append_after_a_line_without_an_end(home: Path, write: Write) -> None:
    write("home/rules/default.rules", "# mine")
    append_rule(home, ["ls"])
    assert rules_file(home).read_text() == '# mine\nprefix_rule(pattern=["ls"], decision="allow")\n'


def test_append_from_many_sides(home: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda n: append_rule(home, ["cmd", str(n % 10)]), range(40)))
    assert sum(written) == 10
    assert len(read_rules(home).rules) == 10
    assert read_rules(home).problems == ()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=4))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    home = tmp_path_factory.mktemp("home")
    append_rule(home, words, Decision.FORBIDDEN)
    rules = read_rules(home)
    assert rules.rules == (PrefixRule(pattern=tuple((word,) for word in words), decision=Decision.FORBIDDEN),)
    assert rules.problems == ()


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    rules = parse_rules(text, HERE)
    assert rules.rules or rules.problems or not rules.incomplete

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spindled.process import quoting
from spindled.tools.commands.command_words import ShellPatch, mentioned_commands, plain_commands, shell_patch


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("touch made.txt && echo made", [["touch", "made.txt"], ["echo", "made"]]),
        ("ls | head -5; pwd || true", [["ls"], ["head", "-5"], ["pwd"], ["true"]]),
        ("echo \"a b\"'c'd 7 ''", [["echo", "a bcd", "7", ""]]),
        ('echo "say \\"hi\\""', [["echo", 'say "hi"']]),
        ("a\nb", [["a"], ["b"]]),
    ],
)
def test_plain_scripts(script: str, commands: list[list[str]]) -> None:
    assert plain_commands(script) == commands


@pytest.mark.parametrize(
    "script",
    [
        "echo $HOME",
        "echo $(ls)",
        "echo `ls`",
        "ls > f",
        "cat < f",
        "ls &",
        "(ls)",
        "{ ls; }",
        "A=1 ls",
        "if a; then b; fi",
        "for i in 1; do ls; done",
        "f() { ls; }",
        "echo {a,b}",
        "cat ~/x",
        "\\rm x",
        "echo $'a'",
        "cat <<E\nx\nE",
        "ls (",
        "",
        'echo "$x"',
        "! ls",
        "[[ -f x ]]",
        "A=1",
        "diff <(a) b",
    ],
)
def test_what_only_a_shell_can_read(script: str) -> None:
    assert plain_commands(script) is None


@example(["\\\n"])
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_quoted_words_come_back_or_are_not_plain(words: list[str]) -> None:
    commands = plain_commands(quoting.join(words))
    assert commands is None or commands == [words]


@given(st.text())
def test_any_text_can_be_read(script: str) -> None:
    plain_commands(script)
    mentioned_commands(script)
    shell_patch(script + " apply_patch")


@pytest.mark.parametrize(
    "script",
    [
        "x=$(rm -rf a)",
        "(rm -rf a) &",
        "\\rm -rf a",
        "bash -lc 'sh -c \"rm -rf a\"'",
        "if true; then rm -rf a; fi",
        "A=1 rm -rf a > /dev/null",
        "r'm' -rf a",
    ],
)
def test_commands_are_found_wherever_they_hide(script: str) -> None:
    assert ["rm", "-rf", "a"] in mentioned_commands(script)


PATCH = "*** Begin Patch\n*** Add File: $x\n+`y`\n*** End Patch"


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        (f"apply_patch <<'EOF'\n{PATCH}\nEOF", None),
        (f"apply_patch <<EOF\n{PATCH}\nEOF\n", None),
        (f"cd 'some dir' && apply_patch <<\"E\"\n{PATCH}\nE", "some dir"),
        (f"bash -lc \"apply_patch <<'EOF'\n{PATCH.replace('$', '').replace('`', '')}\nEOF\"", None),
        (f"apply_patch '{PATCH}'", None),
    ],
)
def test_a_patch_in_a_script(script: str, folder: str | None) -> None:
    found = shell_patch(script)
    assert isinstance(found, ShellPatch)
    assert found.folder == folder
    assert found.patch.strip().startswith("*** Begin Patch")
    assert found.patch.strip().endswith("*** End Patch")


@pytest.mark.parametrize(
    "script",
    [
        "apply_patch",
        "apply_patch --help",
        f"echo x && apply_patch <<'E'\n{PATCH}\nE",
        f"apply_patch <<'E' > f\n{PATCH}\nE",
        f"apply_patch <<'E' | cat\n{PATCH}\nE",
        f"cd d || apply_patch <<'E'\n{PATCH}\nE",
        "ls",
        f"cat <<'E'\n{PATCH}\nE",
    ],
)
def test_what_does_more_or_less_than_patch(script: str) -> None:
    assert shell_patch(script) is None

"""The command line of `exec`."""

from __future__ import annotations

import pytest

from spindled import cli
from spindled.cli import command_of
from spindled.faces.exec import options as module
from spindled.faces.exec.options import parse_exec
from spindled.flags import UsageError


def test_as_the_official_kit_calls_it() -> None:
    options = parse_exec(
        [
            *("exec", "--experimental-json", "--config", 'openai_base_url="http://h/v1"', "--model", "m"),
            *("--sandbox", "workspace-write", "--cd", "/w", "--add-dir", "/a", "--add-dir", "/b"),
            *("--skip-git-repo-check", "--output-schema", "/s.json", "--config", 'model_reasoning_effort="high"'),
            *("--config", "sandbox_workspace_write.network_access=true", "--config", 'approval_policy="never"'),
            *("resume", "some-id", "--image", "/1.png", "--image", "/2.png"),
        ]
    )
    assert options.json
    assert options.skip_git_check
    assert dict(options.overrides) == {
        "openai_base_url": "http://h/v1",
        "model": "m",
        "model_reasoning_effort": "high",
        "sandbox_workspace_write.network_access": True,
        "approval_policy": "never",
    }
    assert (options.sandbox, options.cwd, options.writable) == ("workspace-write", "/w", ["/a", "/b"])
    assert (options.resume, options.resume_id, options.prompt) == (True, "some-id", None)
    assert (options.output_schema, options.images) == ("/s.json", ["/1.png", "/2.png"])


@pytest.mark.parametrize(
    ("words", "resume_id", "prompt"),
    [
        (["exec"], None, None),
        (["e", "-"], None, None),
        (["-c", "a=1", "--model", "m", "exec", "do it"], None, "do it"),
        (["exec", "--", "--json"], None, "--json"),
        (["exec", "resume", "x", "more"], "x", "more"),
        (["exec", "resume", "--last", "more"], None, "more"),
        (["exec", "resume", "--last"], None, None),
    ],
)
def test_prompts(words: list[str], resume_id: str | None, prompt: str | None) -> None:
    options = parse_exec(words)
    assert (options.resume_id, options.prompt, options.json) == (resume_id, prompt, False)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--sandbox", "none", "x"], "invalid value 'none' for --sandbox"),
        (["-a", "maybe", "x"], "invalid value 'maybe' for --ask-for-approval"),
        (["one", "two"], "unexpected argument 'two'"),
        (["resume"], "resume needs an ID or --last"),
        (["--last", "x"], "--last and --all are for `exec resume`"),
        (["review"], "`exec review` is not supported"),
        (["--yolo", "--sandbox", "read-only", "x"], "--dangerously-bypass-approvals-and-sandbox excludes"),
        (["--local-provider", "ollama", "x"], "--local-provider is for --oss"),
        (["--what", "x"], "unknown option '--what'"),
    ],
)
def test_errors(words: list[str], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_exec(["exec", *words])
    assert str(caught.value).startswith(text)


def test_providers_on_this_machine() -> None:
    assert parse_exec(["exec", "--oss", "x"]).overrides == [("model_provider", "ollama")]
    assert parse_exec(["exec", "--oss", "--local-provider=lmstudio", "x"]).overrides == [("model_provider", "lmstudio")]


def test_the_command_is_found_behind_every_flag_with_a_value() -> None:
    """What `command_of` knows without loading this face is what this face takes."""
    before = {name for name in module._VALUES if name not in cli._VALUES}
    assert before - {"--color", "--output-schema", "--output-last-message", "--thread-source"} == cli.OF_EXEC
    for name in before & cli.OF_EXEC:
        assert command_of([name, "value", "exec", "words"]) == "exec"
    assert command_of(["-c", "exec=1", "--stdio", "app-server"]) == "app-server"
    assert command_of(["--version"]) is None

"""The command line of `exec`."""

from __future__ import annotations

from collections.abc import Callable

from spindled.cli import CONFIG_FLAGS, CONFIG_VALUES, Options
from spindled.flags import UsageError, read_flags

__all__ = ["EXEC_USAGE", "ExecOptions", "parse_exec"]

EXEC_USAGE = """\
Usage: spindled exec [OPTIONS] [PROMPT]
       spindled exec [OPTIONS] resume [ID] [PROMPT]

Runs one turn and leaves; the exit code is 0 if the turn completed. Without PROMPT, or with -, the prompt is read from
stdin; with both, what comes from stdin is added to it, except after resume. Nobody is asked: what would need approval
is declined.

Options, beside those of `spindled --help` for the configuration and logs:
      --json                    One JSON object a line on stdout, instead of text on stderr and the answer on stdout
  -m, --model MODEL             The same as -c model=MODEL
  -p, --profile NAME            The same as -c profile=NAME
      --oss                     The same as -c model_provider=ollama
      --local-provider NAME     With --oss: ollama or lmstudio
  -s, --sandbox MODE            read-only, workspace-write or danger-full-access
  -a, --ask-for-approval POLICY untrusted, on-request or never (default, if the configuration says nothing)
      --dangerously-bypass-approvals-and-sandbox
                                Runs everything, unconfined
  -C, --cd DIR                  Work there
      --add-dir DIR             May be written to as well
  -i, --image FILE              Goes with the prompt
      --output-schema FILE      A JSON schema for the answer
  -o, --output-last-message FILE
                                Gets the answer
      --thread-source SOURCE    Noted in a new thread
      --ephemeral               Keep no record of the thread
      --skip-git-repo-check     Run also outside a git repository that is not trusted
      --last, --all             resume: the newest thread of this folder, of all folders

OPENAI_API_KEY or, before it, CODEX_API_KEY holds the key for OpenAI; see docs/configuration.md.
"""

SANDBOX_MODES = ("read-only", "workspace-write", "danger-full-access")
POLICIES = ("untrusted", "on-request", "never")
LATER = ("review", "fork")  # commands of other servers' exec


class ExecOptions(Options):
    """What the command line of `exec` said. `prompt` None: read stdin."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.resume = False
        self.resume_id: str | None = None
        self.last = False
        self.everywhere = False
        self.prompt: str | None = None
        self.json = False
        self.sandbox: str | None = None
        self.approval_policy: str | None = None
        self.bypass = False
        self.cwd: str | None = None
        self.writable: list[str] = []
        self.images: list[str] = []
        self.output_schema: str | None = None
        self.last_message_file: str | None = None
        self.thread_source: str | None = None
        self.ephemeral = False
        self.skip_git_check = False
        self.oss = False
        self.local_provider: str | None = None


def parse_exec(arguments: list[str]) -> ExecOptions:
    """Raises UsageError."""
    options = ExecOptions()
    read_flags(arguments, options, _VALUES, _FLAGS, lambda options, word: options.words.append(word))
    _, *words = options.words  # the first is `exec` itself
    if words[:1] == ["resume"]:
        options.resume, words = True, words[1:]
        if not options.last and words:
            options.resume_id, words = words[0], words[1:]
    elif words and words[0] in LATER:
        raise UsageError(f"`exec {words[0]}` is not supported")
    if len(words) > 1:
        raise UsageError(f"unexpected argument '{words[1]}'")
    options.prompt = None if words in ([], ["-"]) else words[0]
    _check(options)
    return options


def _check(options: ExecOptions) -> None:
    if options.resume and options.resume_id is None and not options.last and options.show is None:
        raise UsageError("resume needs an ID or --last")
    if not options.resume and (options.last or options.everywhere):
        raise UsageError("--last and --all are for `exec resume`")
    if options.bypass and (options.sandbox or options.approval_policy):
        raise UsageError("--dangerously-bypass-approvals-and-sandbox excludes --sandbox and --ask-for-approval")
    if options.local_provider and not options.oss:
        raise UsageError("--local-provider is for --oss")
    if options.oss:
        options.overrides.append(("model_provider", options.local_provider or "ollama"))


def _set(name: str, value: object) -> Callable[[ExecOptions], None]:
    return lambda options: setattr(options, name, value)


def _take(name: str) -> Callable[[ExecOptions, str], None]:
    return lambda options, value: setattr(options, name, value)


def _add(name: str) -> Callable[[ExecOptions, str], None]:
    return lambda options, value: getattr(options, name).append(value)


def _key(key: str) -> Callable[[ExecOptions, str], None]:
    return lambda options, value: options.overrides.append((key, value))


def _one_of(name: str, flag: str, allowed: tuple[str, ...]) -> Callable[[ExecOptions, str], None]:
    def take(options: ExecOptions, value: str) -> None:
        if value not in allowed:
            raise UsageError(f"invalid value '{value}' for {flag}: {', '.join(allowed)}")
        setattr(options, name, value)

    return take


def _no_color(options: ExecOptions, value: str) -> None:
    """What is printed has no colours, whenever they are asked for."""


def _full_auto(options: ExecOptions) -> None:
    options.sandbox = "workspace-write"


_VALUES: dict[str, Callable[[ExecOptions, str], None]] = {
    **CONFIG_VALUES,
    "-m": _key("model"),
    "--model": _key("model"),
    "-p": _key("profile"),
    "--profile": _key("profile"),
    "--local-provider": _one_of("local_provider", "--local-provider", ("ollama", "lmstudio")),
    "-s": _one_of("sandbox", "--sandbox", SANDBOX_MODES),
    "--sandbox": _one_of("sandbox", "--sandbox", SANDBOX_MODES),
    "-a": _one_of("approval_policy", "--ask-for-approval", POLICIES),
    "--ask-for-approval": _one_of("approval_policy", "--ask-for-approval", POLICIES),
    "-C": _take("cwd"),
    "--cd": _take("cwd"),
    "--add-dir": _add("writable"),
    "-i": _add("images"),
    "--image": _add("images"),
    "--output-schema": _take("output_schema"),
    "-o": _take("last_message_file"),
    "--output-last-message": _take("last_message_file"),
    "--thread-source": _take("thread_source"),
    "--color": _no_color,
}

_FLAGS: dict[str, Callable[[ExecOptions], None]] = {
    **CONFIG_FLAGS,
    "-h": _set("show", "help"),
    "--help": _set("show", "help"),
    "--json": _set("json", True),
    "--experimental-json": _set("json", True),
    "--oss": _set("oss", True),
    "--full-auto": _full_auto,
    "--dangerously-bypass-approvals-and-sandbox": _set("bypass", True),
    "--yolo": _set("bypass", True),
    "--ephemeral": _set("ephemeral", True),
    "--skip-git-repo-check": _set("skip_git_check", True),
    "--last": _set("last", True),
    "--all": _set("everywhere", True),
}

"""Hooks as they are configured: hooks.json and [hooks] of the home and of trusted projects. None is run here."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from spindled.config.home.files import read_bounded
from spindled.config.schema import Config
from spindled.config.trust import downward

FILE = "hooks.json"
MOST_BYTES = 1024 * 1024
DEFAULT_TIMEOUT = 600

EVENTS = {
    name: re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
    for name in [
        "PreModelRequest",
        "PostModelRequest",
        "PreToolUse",
        "PermissionRequest",
        "PostToolUse",
        "PreCompact",
        "PostCompact",
        "SessionStart",
        "SessionEnd",
        "UserPromptSubmit",
        "SubagentStart",
        "SubagentStop",
        "Stop",
        "Interrupt",
    ]
}
"""Events in the order in which they are listed: as files name them, and as keys do."""
WITHOUT_MATCHER = frozenset({"UserPromptSubmit", "Stop", "Interrupt"})

Source = Literal["user", "project"]


class CommandHandler(Struct, tag_field="type", tag="command", rename={"async_": "async"}):
    command: str
    timeout: int | None = None
    async_: bool = False
    statusMessage: str | None = None
    additionalContextLimit: int | None = None


class McpToolHandler(Struct, tag_field="type", tag="mcp_tool"):
    server: str
    tool: str
    timeout: int | None = None
    input: dict[str, Any] = field(default_factory=dict)
    statusMessage: str | None = None
    additionalContextLimit: int | None = None


class PromptHandler(Struct, tag_field="type", tag="prompt"):
    pass


class AgentHandler(Struct, tag_field="type", tag="agent"):
    pass


Handler = CommandHandler | McpToolHandler | PromptHandler | AgentHandler
Listed = CommandHandler | McpToolHandler


class Group(Struct):
    matcher: str | None = None
    hooks: list[Handler] = []


class HooksFile(Struct, forbid_unknown_fields=True):
    hooks: dict[str, msgspec.Raw] = {}
    description: str | None = None


class Hook(Struct, frozen=True, kw_only=True):
    """`event` as files name it; `trusted`: the hash that the user last agreed to."""

    key: str
    event: str
    handler: Listed
    matcher: str | None
    timeout: int
    path: Path
    source: Source
    enabled: bool
    current: str
    trusted: str | None


class Found(Struct, frozen=True):
    hooks: list[Hook]
    warnings: list[str]


def find_hooks(config: Config) -> Found:
    """Reads files; raises nothing."""
    found = Found([], [])
    state = state_of(config)
    for folder, source in folders(config):
        path = folder / FILE
        inline = inline_of(config, folder / "config.toml")
        written = events_of_file(path, found.warnings)
        if written and inline:
            found.warnings.append(
                f"loading hooks from both {path} and {folder / 'config.toml'}; prefer a single representation for this "
                "layer"
            )
        for where, events in ((path, written), (folder / "config.toml", inline)):
            found.hooks.extend(hooks_of(where, source, events, state, found.warnings))
    return found


def folders(config: Config) -> Iterator[tuple[Path, Source]]:
    yield config.home, "user"
    if config.trust == "trusted":
        for folder in downward(config.project_root, config.cwd.resolve()):
            if folder / ".codex" != config.home:
                yield folder / ".codex", "project"


def state_of(config: Config) -> dict[str, Any]:
    """What the user decided about hooks, by key."""
    for layer in config.layers:
        if layer.kind == "user":
            state = table(layer.table.get("hooks")).get("state")
            return table(state)
    return {}


def inline_of(config: Config, path: Path) -> dict[str, Any]:
    """[hooks] of a config.toml, without what it says about the state of hooks."""
    for layer in config.layers:
        if layer.path == path:
            return {name: value for name, value in table(layer.table.get("hooks")).items() if name in EVENTS}
    return {}


def events_of_file(path: Path, warnings: list[str]) -> dict[str, Any]:
    try:
        data = read_bounded(path, MOST_BYTES)
        return dict(msgspec.json.decode(data, type=HooksFile).hooks)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError) as error:
        warnings.append(f"failed to parse hooks config {path}: {error}")
        return {}


def hooks_of(
    path: Path, source: Source, events: dict[str, Any], state: dict[str, Any], warnings: list[str]
) -> list[Hook]:
    """None of a file in which one is malformed."""
    hooks: list[Hook] = []
    try:
        for event in EVENTS:
            for number, group in enumerate(groups_of(events.get(event, []))):
                matcher = None if event in WITHOUT_MATCHER else group.matcher
                if matcher is not None and not is_pattern(matcher):
                    warnings.append(f'invalid matcher "{matcher}" in {path}')
                    continue
                for index, handler in enumerate(group.hooks):
                    if isinstance(handler, PromptHandler | AgentHandler):
                        kind = "prompt" if isinstance(handler, PromptHandler) else "agent"
                        warnings.append(f"skipping {kind} hook in {path}: {kind} hooks are not supported yet")
                    elif isinstance(handler, CommandHandler) and not handler.command.strip():
                        warnings.append(f"skipping empty hook command in {path}")
                    else:
                        key = f"{path}:{EVENTS[event]}:{number}:{index}"
                        hooks.append(hook_of(key, event, handler, matcher, path, source, table(state.get(key))))
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        warnings.append(f"failed to parse hooks config {path}: {error}")
        return []
    return hooks


def groups_of(value: Any) -> list[Group]:
    if isinstance(value, msgspec.Raw):
        return msgspec.json.decode(value, type=list[Group])
    return msgspec.convert(value, list[Group])


def hook_of(
    key: str, event: str, handler: Listed, matcher: str | None, path: Path, source: Source, state: dict[str, Any]
) -> Hook:
    timeout = DEFAULT_TIMEOUT if handler.timeout is None else max(1, handler.timeout)
    trusted = state.get("trusted_hash")
    return Hook(
        key=key,
        event=event,
        handler=handler,
        matcher=matcher,
        timeout=timeout,
        path=path,
        source=source,
        enabled=state.get("enabled") is not False,
        current=fingerprint(event, handler, matcher, timeout),
        trusted=trusted if isinstance(trusted, str) else None,
    )


def fingerprint(event: str, handler: Listed, matcher: str | None, timeout: int) -> str:
    """Changes with whatever the hook does: what the reference computes, so that its users need not agree again."""
    fields = {name: value for name, value in msgspec.to_builtins(handler).items() if value is not None}
    whole = {"event_name": EVENTS[event], "hooks": [{**fields, "timeout": timeout}]}
    if matcher is not None:
        whole["matcher"] = matcher
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}

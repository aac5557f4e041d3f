"""Items that are actions: commands, patches, tool calls."""

from __future__ import annotations

import msgspec

from spindled.process import quoting
from spindled.store.replay.naming import Fields, camel, path_of, renamed_keys, snake, url_of
from spindled_protocol.types import (
    AddPatchChangeKind,
    CommandAction,
    CommandExecutionThreadItem,
    DeletePatchChangeKind,
    DynamicToolCallOutputContentItem,
    DynamicToolCallThreadItem,
    FileChangeThreadItem,
    FileUpdateChange,
    ImageViewThreadItem,
    McpToolCallThreadItem,
    ThreadItem,
    UnknownCommandAction,
    UpdatePatchChangeKind,
)

_MOVED = "\n\nMoved to: "


def command(row: Fields) -> ThreadItem:
    return CommandExecutionThreadItem(
        id=row["id"],
        command=quoting.join(row["command"]),
        cwd=path_of(row["cwd"]),
        processId=row.get("process_id"),
        source=camel(row.get("source") or "agent"),  # type: ignore[arg-type]
        status=camel(row["status"]),  # type: ignore[arg-type]
        commandActions=[_action(action) for action in row.get("parsed_cmd") or ()],
        aggregatedOutput=row.get("aggregated_output"),
        exitCode=row.get("exit_code"),
        durationMs=_milliseconds(row.get("duration")),
    )


def command_row(item: CommandExecutionThreadItem) -> Fields:
    return {
        "id": item.id,
        "process_id": item.processId,
        "command": quoting.split(item.command),
        "cwd": url_of(item.cwd),
        "parsed_cmd": [_action_to_row(action) for action in msgspec.to_builtins(item.commandActions)],
        "source": snake(item.source),
        "status": snake(item.status),
        "aggregated_output": item.aggregatedOutput,
        "exit_code": item.exitCode,
        "duration": _duration(item.durationMs),
    }


def _action(action: Fields) -> CommandAction:
    fields = {"command": action.get("cmd", ""), **action, "type": camel(action["type"])}
    if fields["type"] == "unknown":  # nearly all: not worth a conversion
        return UnknownCommandAction(command=fields["command"])
    known: CommandAction = msgspec.convert(fields, CommandAction)
    return known


def _action_to_row(action: Fields) -> Fields:
    fields = {"type": snake(action["type"]), "cmd": action["command"]}
    return fields | {key: value for key, value in action.items() if key not in ("type", "command")}


def file_change(row: Fields) -> ThreadItem:
    changes = [_change(path, change) for path, change in sorted(row["changes"].items())]
    return FileChangeThreadItem(id=row["id"], changes=changes, status=camel(row.get("status") or "in_progress"))  # type: ignore[arg-type]


def _change(path: str, change: Fields) -> FileUpdateChange:
    kind = change["type"]
    if kind == "add":
        return FileUpdateChange(path=path, kind=AddPatchChangeKind(), diff=change["content"])
    if kind == "delete":
        return FileUpdateChange(path=path, kind=DeletePatchChangeKind(), diff=change["content"])
    target = change.get("move_path")
    diff = change["unified_diff"] + (f"{_MOVED}{target}" if target else "")
    return FileUpdateChange(path=path, kind=UpdatePatchChangeKind(move_path=target), diff=diff)


def file_change_row(item: FileChangeThreadItem) -> Fields:
    changes = {change.path: _change_row(change) for change in item.changes}
    return {"id": item.id, "changes": changes, "status": snake(item.status), "stdout": "", "stderr": ""}


def _change_row(change: FileUpdateChange) -> Fields:
    if isinstance(change.kind, UpdatePatchChangeKind):
        target = change.kind.move_path
        diff = change.diff.removesuffix(f"{_MOVED}{target}") if target else change.diff
        return {"type": "update", "unified_diff": diff, "move_path": target}
    kind = "add" if isinstance(change.kind, AddPatchChangeKind) else "delete"
    return {"type": kind, "content": change.diff}


def mcp_call(row: Fields) -> ThreadItem:
    result = row.get("result")
    fields = {
        "server": row["server"],
        "tool": row["tool"],
        "arguments": row.get("arguments"),
        "status": camel(row["status"]),
        "appContext": renamed_keys(row.get("app_context") or row.get("appContext"), camel),
        "mcpAppUi": row.get("mcpAppUi") or renamed_keys(row.get("mcp_app_ui"), camel),
        "pluginId": row.get("plugin_id") or row.get("pluginId"),
        "readOnlyHint": row.get("readOnlyHint"),
        "result": {"structuredContent": None, "_meta": None, **result} if result else None,
        "error": row.get("error"),
        "durationMs": _milliseconds(row.get("duration")),
    }
    return msgspec.convert({"id": row["id"], "type": "mcpToolCall", **fields}, McpToolCallThreadItem)


def mcp_call_row(item: McpToolCallThreadItem) -> Fields:
    fields = msgspec.to_builtins(item)
    result = item.result and {key: value for key, value in fields["result"].items() if value is not None}
    optional = {
        "appContext": fields["appContext"],
        "mcpAppUi": fields["mcpAppUi"],
        "plugin_id": item.pluginId,
        "readOnlyHint": item.readOnlyHint,
        "result": result,
        "error": fields["error"],
        "duration": _duration(item.durationMs),
    }
    return {
        "id": item.id,
        "server": item.server,
        "tool": item.tool,
        "arguments": item.arguments,
        "status": snake(item.status),
    } | {key: value for key, value in optional.items() if value is not None}


def dynamic_call(row: Fields) -> ThreadItem:
    content = row.get("content_items")
    return DynamicToolCallThreadItem(
        id=row["id"],
        namespace=row.get("namespace"),
        tool=row["tool"],
        arguments=row.get("arguments"),
        status=camel(row["status"]),  # type: ignore[arg-type]
        contentItems=None if content is None else msgspec.convert(content, list[DynamicToolCallOutputContentItem]),
        success=row.get("success"),
        durationMs=_milliseconds(row.get("duration")),
    )


def dynamic_call_row(item: DynamicToolCallThreadItem) -> Fields:
    namespace = {} if item.namespace is None else {"namespace": item.namespace}
    return {
        "id": item.id,
        **namespace,
        "tool": item.tool,
        "arguments": item.arguments,
        "status": snake(item.status),
        "content_items": msgspec.to_builtins(item.contentItems),
        "success": item.success,
        "duration": _duration(item.durationMs),
    }


def image_view(row: Fields) -> ThreadItem:
    return ImageViewThreadItem(id=row["id"], path=path_of(row["path"]))


def _milliseconds(duration: Fields | None) -> int | None:
    if duration is None:
        return None
    return int(duration["secs"]) * 1000 + int(duration["nanos"]) // 1_000_000


def _duration(milliseconds: int | None) -> Fields | None:
    if milliseconds is None:
        return None
    return {"secs": milliseconds // 1000, "nanos": milliseconds % 1000 * 1_000_000}

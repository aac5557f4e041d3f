"""The apply_patch tool: a freeform patch, checked as a whole, shown, perhaps asked about, written as a whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spindled.sandbox.policy import unrestricted, writable
from spindled.tools.base import (
    FileSnapshot,
    PatchApproval,
    ToolCall,
    ToolContext,
    ToolError,
    ToolOptions,
    ToolOutput,
    Verdict,
)
from spindled.tools.clock import now_ms
from spindled.tools.files.text_files import FileChangeError
from spindled.tools.grants import FileGrant

if TYPE_CHECKING:
    from spindled.tools.patch import Change, Plan
    from spindled_protocol.types import FileChangeThreadItem, FileUpdateChange, PatchApplyStatus, PatchChangeKind

_GRAMMAR = r"""
start: "*** Begin Patch" LF section+ "*** End Patch" LF?
section: added | deleted | updated
added: "*** Add File: " PATH LF added_line+
deleted: "*** Delete File: " PATH LF
updated: "*** Update File: " PATH LF moved? hunk*
moved: "*** Move to: " PATH LF
hunk: anchor* hunk_line+ at_end?
anchor: ("@@" | "@@ " TEXT) LF
added_line: "+" TEXT? LF
hunk_line: ("+" | "-" | " ") TEXT? LF
at_end: "*** End of File" LF
PATH: /[^\n]+/
TEXT: /[^\n]+/

%import common.LF
""".lstrip()

_DESCRIPTION = (
    "Edit files with one patch. The whole patch is checked before anything is written; if a part does not fit, "
    "nothing changes and the answer names the part. Paths are relative to the working directory. Give enough "
    "unchanged lines, or an `@@` line from above the place, that each hunk fits in one place only. "
    "The input is the patch itself."
)


class ApplyPatch:
    name = "apply_patch"
    parallel = False

    def offered(self, options: ToolOptions) -> bool:
        return options.patches

    def spec(self, options: ToolOptions) -> dict[str, Any]:
        return {
            "type": "custom",
            "name": self.name,
            "description": _DESCRIPTION,
            "format": {"type": "grammar", "syntax": "lark", "definition": _GRAMMAR},
        }

    async def run(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        return await apply_patch(call.call_id, _patch_text(call), context.cwd, context)


def _patch_text(call: ToolCall) -> str:
    """A provider without custom tools sends the patch as a function's `input`."""
    if call.custom:
        return call.arguments
    from spindled.tools.arguments import decode_field

    return decode_field(call, "input")


async def apply_patch(item_id: str, patch: str, cwd: Path, context: ToolContext) -> ToolOutput:
    """Run a patch as the fileChange item `item_id`; also for patches that came through the shell. Raises ToolError."""
    from spindled.tools.patch import PatchError, parse, plan

    started = time.monotonic()
    try:
        result = plan(parse(patch), cwd, context.files.read)
    except PatchError as error:
        raise ToolError(f"The patch was not applied: {error}") from error
    ask = _must_ask(result, context)
    if ask and context.approval_policy == "never":
        raise ToolError(
            "The patch was rejected: the sandbox policy does not let it write "
            f"{_outside(result, context)[0]}, and the approval policy is `never`."
        )
    item = _item(item_id, result)
    context.item_started(item)
    chosen = await _approved(item, result, context) if ask else result
    declined = [change for change in result.changes if change not in chosen.changes]
    if declined:
        item = _divided(item, declined, context)
    return await _write(item, chosen, declined, context, started)


def _must_ask(result: Plan, context: ToolContext) -> bool:
    if context.grants.covers(*map(FileGrant, result.targets)):
        return False
    if context.approval_policy == "untrusted":
        return True
    return not unrestricted(context.sandbox_policy) and bool(_outside(result, context))


def _outside(result: Plan, context: ToolContext) -> list[Path]:
    """The targets that may not be written; they are resolved already, but for links that are to be removed."""
    policy, cwd = context.sandbox_policy, context.cwd
    return [path for path in result.targets if not writable(path, policy, cwd, follow=False)]


async def _approved(item: FileChangeThreadItem, result: Plan, context: ToolContext) -> Plan:
    """What the user accepts of it, once there is an answer; without any, complete the item as declined and raise."""
    from spindled.tools.patch import PatchError

    try:
        answer = await context.approve_patch(PatchApproval(item=item, files=_files(result)))
    except BaseException:
        _complete(item, "declined", context)
        raise
    if answer.verdict is Verdict.ACCEPTED:
        try:
            return result.only(answer.paths)
        except PatchError as error:
            _complete(item, "failed", context)
            raise ToolError(f"The patch was not applied. The user accepted only a part of it, and {error}.") from error
    _complete(item, "declined", context)
    if answer.verdict is Verdict.CANCELLED:
        # The agent interrupts the turn: its cancellation arrives here.
        await asyncio.sleep(0)
    raise ToolError("The user rejected the patch; nothing was changed.")


def _files(result: Plan) -> dict[str, list[Path]]:
    """The files behind each path that the item shows."""
    files: dict[str, list[Path]] = {}
    for change in result.changes:
        files.setdefault(str(change.path), []).extend(change.targets)
    return files


def _divided(item: FileChangeThreadItem, declined: Sequence[Change], context: ToolContext) -> FileChangeThreadItem:
    """The item without what the user declined of it, which becomes a declined item of its own."""
    from msgspec.structs import replace

    paths = {str(change.path) for change in declined}
    rest = replace(item, id=f"{item.id}-declined", changes=[change for change in item.changes if change.path in paths])
    context.item_started(rest)
    _complete(rest, "declined", context)
    return replace(item, changes=[change for change in item.changes if change.path not in paths])


async def _write(
    item: FileChangeThreadItem, result: Plan, declined: Sequence[Change], context: ToolContext, started: float
) -> ToolOutput:
    from spindled.tools.patch import edits

    try:
        unsaved = await context.files.write(edits(result), _label(result))
    except FileChangeError as error:
        _complete(item, "failed", context)
        raise ToolError(f"The patch was not applied: {error}") from error
    except BaseException:
        _complete(item, "failed", context)
        raise
    _complete(item, "completed", context)
    context.files_changed(_snapshots(result))
    how = "applied in part" if declined else "applied"
    text = f"Patch {how} in {time.monotonic() - started:.1f} s. Files:\n{_listed(result.changes)}"
    if declined:
        text += f"The user declined the changes of these files, which were not made:\n{_listed(declined)}"
    return ToolOutput(text + _note(unsaved))


def _listed(changes: Sequence[Change]) -> str:
    return "".join(f"{change.kind[0].upper().replace('U', 'M')} {_shown(change)}\n" for change in changes)


def _label(result: Plan) -> str:
    names = [_shown(change) for change in result.changes]
    return f"Patch of {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _note(unsaved: Sequence[Path]) -> str:
    if not unsaved:
        return ""
    paths = "\n".join(map(str, unsaved))
    return f"The user's editor has these and did not save them yet; commands still see the old files:\n{paths}\n"


def _shown(change: Change) -> str:
    return change.name if change.move_to is None else f"{change.name} -> {change.move_to}"


def _item(item_id: str, result: Plan) -> FileChangeThreadItem:
    from spindled_protocol.types import FileChangeThreadItem

    return FileChangeThreadItem(
        id=item_id,
        changes=[_file_change(change) for change in result.changes],
        status="inProgress",
        startedAtMs=now_ms(),
        completedAtMs=None,
    )


def _complete(item: FileChangeThreadItem, status: PatchApplyStatus, context: ToolContext) -> None:
    from msgspec.structs import replace

    context.item_completed(replace(item, status=status, completedAtMs=now_ms()))


def _file_change(change: Change) -> FileUpdateChange:
    from spindled.tools.patch.diff import unified
    from spindled_protocol.types import (
        AddPatchChangeKind,
        DeletePatchChangeKind,
        FileUpdateChange,
        UpdatePatchChangeKind,
    )

    kind: PatchChangeKind
    if change.kind == "add":
        kind, diff = AddPatchChangeKind(), change.after or ""
    elif change.kind == "delete":
        kind, diff = DeletePatchChangeKind(), change.before or ""
    else:
        kind = UpdatePatchChangeKind(move_path=str(change.move_to) if change.move_to else None)
        diff = unified(change.before or "", change.after or "", 1)
        if change.move_to:
            diff += f"\n\nMoved to: {change.move_to}"
    return FileUpdateChange(path=str(change.path), kind=kind, diff=diff)


def _snapshots(result: Plan) -> Sequence[FileSnapshot]:
    snapshots = []
    for change in result.changes:
        path = change.move_to or change.path
        moved_from = change.path if change.move_to not in (None, change.path) else None
        snapshots.append(FileSnapshot(path=path, before=change.before, after=change.after, moved_from=moved_from))
    return snapshots

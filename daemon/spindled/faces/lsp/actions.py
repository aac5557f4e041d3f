"""Commands by name, and the code actions that offer them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

from spindled.faces.lsp.briefs import REFACTORINGS

__all__ = ["ACTION_KINDS", "COMMANDS", "code_actions"]

COMMANDS = {
    "spindled.ask": "Ask the agent",
    "spindled.fix": "Fix with agent",
    "spindled.explain": "Explain",
    "spindled.refactor": "Refactor with agent",
    "spindled.review": "Review with agent",
    "spindled.undo": "Undo the agent's last edits",
    "spindled.openThread": "Open a thread",
}
EXPLAIN = "spindled.explain"
"""A kind of our own: it neither fixes nor changes anything."""
ACTION_KINDS = [types.CodeActionKind.QuickFix, types.CodeActionKind.RefactorRewrite, EXPLAIN]
MOST_TITLE = 60


def code_actions(
    params: types.CodeActionParams, client: types.ClientCapabilities
) -> list[types.CodeAction | types.Command]:
    """What fits the place; plain commands for a client that knows no other."""
    literal = get_capability(client, "text_document.code_action.code_action_literal_support") is not None
    only = params.context.only
    offered = [action for action in _all(params) if only is None or _wanted(action.kind, only)]
    if literal:
        return [*offered]
    return [action.command for action in offered if action.command is not None]


def _all(params: types.CodeActionParams) -> Iterator[types.CodeAction]:
    diagnostics = list(params.context.diagnostics)
    for diagnostic in diagnostics:
        title = f"Fix with agent: {_short(diagnostic.message)}"
        yield _action(title, "spindled.fix", types.CodeActionKind.QuickFix, params, diagnostic.range, [diagnostic])
    if len(diagnostics) > 1:
        title = f"Fix all {len(diagnostics)} problems here with agent"
        yield _action(title, "spindled.fix", types.CodeActionKind.QuickFix, params, params.range, diagnostics)
    yield _action("Explain", "spindled.explain", EXPLAIN, params, params.range, diagnostics)
    if params.range.start != params.range.end:
        for name, (title, _) in REFACTORINGS.items():
            yield _action(
                f"Refactor with agent: {title}",
                "spindled.refactor",
                types.CodeActionKind.RefactorRewrite,
                params,
                params.range,
                [],
                refactoring=name,
            )


def _action(
    title: str,
    command: str,
    kind: str,
    params: types.CodeActionParams,
    place: types.Range,
    diagnostics: list[types.Diagnostic],
    **more: Any,
) -> types.CodeAction:
    argument = {
        "uri": params.text_document.uri,
        "range": _range(place),
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in diagnostics],
        **more,
    }
    return types.CodeAction(
        title=title,
        kind=kind,
        diagnostics=diagnostics or None,
        command=types.Command(title=title, command=command, arguments=[argument]),
    )


def _wanted(kind: Any, only: Any) -> bool:
    """Kinds are a tree: `refactor` is asked for, `refactor.rewrite` fits."""
    name = str(getattr(kind, "value", kind))
    wanted = [str(getattr(one, "value", one)) for one in only]
    return any(not one or name == one or name.startswith(f"{one}.") for one in wanted)


def _diagnostic(diagnostic: types.Diagnostic) -> dict[str, Any]:
    told: dict[str, Any] = {"message": diagnostic.message, "range": _range(diagnostic.range)}
    for name in ("source", "code"):
        if (value := getattr(diagnostic, name)) is not None:
            told[name] = value
    if diagnostic.severity is not None:
        told["severity"] = int(diagnostic.severity)
    return told


def _range(place: types.Range) -> dict[str, Any]:
    return {
        "start": {"line": place.start.line, "character": place.start.character},
        "end": {"line": place.end.line, "character": place.end.character},
    }


def _short(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= MOST_TITLE else f"{line[: MOST_TITLE - 1]}…"

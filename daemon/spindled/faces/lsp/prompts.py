"""The wire's questions as prompts of an editor. What is not clearly answered is declined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import Any, Protocol

import msgspec

from spindled.rpc.errors import METHOD_NOT_FOUND, RpcError
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    CommandExecutionApprovalDecisionObject,
    CommandExecutionRequestApprovalParams,
    FileChangeRequestApprovalParams,
    ToolRequestUserInputParams,
    ToolRequestUserInputQuestion,
)

__all__ = ["Chooser", "Prompts"]

PATCH_DECISIONS = ("accept", "acceptForSession", "decline", "cancel")
COMMAND_TITLES = {
    "accept": "Run",
    "acceptForSession": "Run, and again in this session",
    "decline": "Decline",
    "cancel": "Decline and stop",
}
PATCH_TITLES = {**COMMAND_TITLES, "accept": "Apply", "acceptForSession": "Apply, and again in this session"}
MOST_TEXT = 2000


class Chooser(Protocol):
    async def choose(self, text: str, titles: list[str]) -> str | None:
        """The title that the user chose, or None."""


class Prompts:
    """`describe` tells what a patch that was shown as an item is about."""

    def __init__(self, chooser: Chooser, describe: Callable[[str], str]) -> None:
        self._chooser = chooser
        self._describe = describe
        self._asks: dict[str, Callable[[Any], Awaitable[Any]]] = {
            "item/commandExecution/requestApproval": self._command,
            "item/fileChange/requestApproval": self._patch,
            "item/tool/requestUserInput": self._questions,
        }

    async def ask(self, method: str, params: Any) -> msgspec.Raw:
        """The result as the wire has it. Raises RpcError for what cannot be asked so."""
        if method not in self._asks:
            raise RpcError(METHOD_NOT_FOUND, f"an editor cannot be asked {method}")
        return msgspec.Raw(msgspec.json.encode(await self._asks[method](params)))

    async def _command(self, params: CommandExecutionRequestApprovalParams) -> dict[str, Any]:
        decisions = params.availableDecisions
        offered = list(decisions) if decisions is not UNSET and decisions else ["accept", "decline"]
        what = "Type this into a running command" if params.kind == "writeStdin" else "Run this command"
        return await self._decide(f"{what}?\n{described(params)}", {title_of(one): one for one in offered})

    async def _patch(self, params: FileChangeRequestApprovalParams) -> dict[str, Any]:
        text = f"Apply this edit?\n{self._describe(params.itemId)}{reason(params.reason)}"
        return await self._decide(text, {PATCH_TITLES[decision]: decision for decision in PATCH_DECISIONS})

    async def _decide(self, text: str, decisions: dict[str, Any]) -> dict[str, Any]:
        chosen = await self._chooser.choose(text[:MOST_TEXT], list(decisions))
        return {"decision": decisions.get(chosen or "", "decline")}

    async def _questions(self, params: ToolRequestUserInputParams) -> dict[str, Any]:
        answers = {}
        for question in params.questions:
            chosen = await self._question(question)
            if chosen is not None:
                answers[question.id] = {"answers": [chosen]}
        return {"answers": answers}

    async def _question(self, question: ToolRequestUserInputQuestion) -> str | None:
        options = [option.label for option in question.options or ()]
        chosen = await self._chooser.choose(question.question[:MOST_TEXT], options)
        return chosen if chosen in options else None


def title_of(decision: Any) -> str:
    if isinstance(decision, CommandExecutionApprovalDecisionObject):
        amendment = decision.acceptWithExecpolicyAmendment
        words = [] if amendment is UNSET else amendment.execpolicy_amendment
        return f"Run, and always allow `{' '.join(words)}`"
    return COMMAND_TITLES.get(decision, str(decision))


def described(params: CommandExecutionRequestApprovalParams) -> str:
    command = params.command if isinstance(params.command, str) else ""
    where = f"\nin {PurePath(str(params.cwd))}" if params.cwd is not UNSET and params.cwd else ""
    return f"{command}{where}{reason(params.reason)}"


def reason(text: Any) -> str:
    return f"\n{text}" if isinstance(text, str) and text else ""

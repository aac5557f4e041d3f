"""What the model is given around the conversation: instructions, and the facts of where it works."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spindled.agent.modes import instructions
from spindled.agent.prompt.markup import escape
from spindled.sandbox.policy import describe
from spindled_protocol.types import AskForApprovalObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spindled.agent.settings import ThreadSettings
    from spindled.config.project import ProjectDoc

Item = dict[str, Any]

NOWHERE = "  <workspace>none: no files and no commands in this conversation</workspace>\n"

CONTEXT_ROLES = ("developer", "user")

APPROVAL_TEXT = {
    "untrusted": "Every command and edit is shown to the user first, unless a rule already allows it.",
    "on-request": "What the sandbox cannot confine is shown to the user first.",
    "never": "The user is not asked; what is not allowed fails, and you are told so.",
}


TONES = {
    "friendly": "Be warm and patient: say what goes well, explain as to a colleague whom you like, and stay brief.",
    "pragmatic": "Be matter-of-fact: results, reasons and risks, without pleasantries.",
}


@cache
def base_instructions() -> str:
    """Our own instructions, used where neither client nor configuration gives others."""
    return Path(__file__).with_name("instructions.md").read_text(encoding="utf-8")


def context_items(
    settings: ThreadSettings, documents: Sequence[ProjectDoc], shell: str, skills: str | None = None
) -> list[Item]:
    """The messages that tell the model its permissions, the project's documents and its environment.

    `skills`: what it is told of them.
    """
    developer = [permissions_text(settings)]
    if settings.mode is not None:
        developer.append(mode_text(settings.mode_instructions or instructions(settings.mode)))
    if tone := TONES.get(settings.personality or "none"):
        developer.append(f"<tone>\n{tone}\n</tone>")
    if settings.developer_instructions:
        developer.append(settings.developer_instructions)
    if skills:
        developer.append(skills)
    user = [document_text(document) for document in documents]
    user.append(environment_text(settings, shell))
    return [message("developer", *developer), message("user", *user)]


def told_context(history: Sequence[Item]) -> dict[str, Item]:
    """The last context message of each role in a history, as a resumed thread finds it."""
    told: dict[str, Item] = {}
    for item in history:
        if item.get("role") in CONTEXT_ROLES and is_context(item):
            told[item["role"]] = {key: item[key] for key in ("type", "role", "content")}
    return told


def is_context(item: Item) -> bool:
    """Whether a message is one of ours and not the user's words."""
    content = item.get("content")
    texts = [part.get("text", "") for part in content] if isinstance(content, list) else []
    return any(text.startswith(("<permissions", "<environment_context>")) for text in texts)


def permissions_text(settings: ThreadSettings) -> str:
    policy = settings.approval_policy
    name = "on-request" if isinstance(policy, AskForApprovalObject) else policy
    return (
        f"<permissions>\n{describe(settings.sandbox_policy)}\n"
        f"Approval policy `{name}`: {APPROVAL_TEXT[name]}\n</permissions>"
    )


def mode_text(text: str) -> str:
    return f"<collaboration_mode>\n{text}\n</collaboration_mode>"


def environment_text(settings: ThreadSettings, shell: str) -> str:
    roots = "".join(f"    <root>{escape(root)}</root>\n" for root in settings.workspace_roots)
    there = (
        f"  <cwd>{escape(str(settings.cwd))}</cwd>\n"
        f"  <workspace_roots>\n{roots}  </workspace_roots>\n"
        f"  <shell>{escape(shell)}</shell>\n"
    )
    return (
        "<environment_context>\n"
        f"{there if settings.has_environment else NOWHERE}"
        f"  <current_date>{time.strftime('%Y-%m-%d')}</current_date>\n"
        f"  <timezone>{escape(time.strftime('%Z'))}</timezone>\n"
        "</environment_context>"
    )


def document_text(document: ProjectDoc) -> str:
    return f"<project_instructions source={document.path.name!r}>\n{document.text}\n</project_instructions>"


def message(role: str, *texts: str) -> Item:
    """A Responses message of text parts."""
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text} for text in texts]}

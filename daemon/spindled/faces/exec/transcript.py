"""Notifications of a thread as text for a person, on stderr."""

from __future__ import annotations

from typing import Any

from spindled import __version__
from spindled.faces.exec.events import TOLD

__all__ = ["Transcript"]

Json = dict[str, Any]


class Transcript:
    """One turn. Each method gives text, empty if there is nothing to say."""

    wanted = TOLD

    def __init__(self) -> None:
        self._tokens = 0
        self._told: str | None = None

    def opened(self, response: Json, prompt: str) -> str:
        policy = response["approvalPolicy"]
        facts = {
            "workdir": response["cwd"],
            "model": response["model"],
            "provider": response["modelProvider"],
            "approval": policy if isinstance(policy, str) else "granular",
            "sandbox": response["sandbox"]["type"],
            "thread": response["thread"]["id"],
        }
        head = "".join(f"{name}: {value}\n" for name, value in facts.items())
        return f"spindled {__version__}\n--------\n{head}--------\nuser\n{prompt}\n"

    def told(self, method: str, params: Json) -> str:
        match method:
            case "item/started":
                return started(params["item"])
            case "item/completed":
                return completed(params["item"])
            case "turn/plan/updated":
                signs = {"completed": "x", "inProgress": ">", "pending": " "}
                return "plan\n" + "".join(f"[{signs[step['status']]}] {step['step']}\n" for step in params["plan"])
            case "thread/tokenUsage/updated":
                self._tokens = params["tokenUsage"]["total"]["totalTokens"]
            case "error":
                self._told = params["error"]["message"]
                return f"ERROR: {self._told}\n"
            case "warning":
                return f"warning: {params['message']}\n"
            case "configWarning":
                return f"warning: {params['summary']}\n"
            case "turn/completed":
                return self._end(params["turn"])
        return ""

    def _end(self, turn: Json) -> str:
        used = f"tokens used\n{self._tokens:,}\n"
        if turn["status"] == "completed":
            return used
        reason = (turn.get("error") or {}).get("message")
        return (
            used if reason and reason == self._told else f"ERROR: {reason or 'the turn was ' + turn['status']}\n{used}"
        )


def started(item: Json) -> str:
    if item["type"] == "commandExecution":
        return f"exec\n{item['command']} in {item['cwd']}\n"
    return ""


def completed(item: Json) -> str:
    match item["type"]:
        case "agentMessage":
            return f"agent\n{item['text']}\n"
        case "reasoning":
            text = "\n".join(item["summary"] or item["content"])
            return f"thinking\n{text}\n" if text else ""
        case "commandExecution":
            outcome = item["status"] if item["exitCode"] is None else f"exited {item['exitCode']}"
            output = (item["aggregatedOutput"] or "").rstrip("\n")
            return f" {outcome}{':' if output else ''}\n{output}\n" if output else f" {outcome}\n"
        case "fileChange":
            paths = "".join(f"{change['kind']['type']} {change['path']}\n" for change in item["changes"])
            return f"patch: {item['status']}\n{paths}"
        case "mcpToolCall":
            return f"tool {item['server']}.{item['tool']}: {item['status']}\n"
    return ""

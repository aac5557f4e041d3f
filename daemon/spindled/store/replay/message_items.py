"""Items that are text: messages, thoughts, plans, reviews."""

from __future__ import annotations

import msgspec

from spindled.store.replay.naming import Fields, camel, renamed, snake
from spindled_protocol.types import (
    AgentMessageThreadItem,
    EnteredReviewModeThreadItem,
    ExitedReviewModeThreadItem,
    ReasoningThreadItem,
    TextUserInput,
    ThreadItem,
    UserInput,
    UserMessageThreadItem,
)


def user_message(row: Fields) -> ThreadItem:
    content = row["content"]
    if len(content) == 1 and content[0].get("type") == "text" and not content[0].get("text_elements"):
        inputs: list[UserInput] = [TextUserInput(text=content[0]["text"])]
    else:
        inputs = msgspec.convert([_input_from_row(part) for part in content], list[UserInput])
    return UserMessageThreadItem(id=row["id"], clientId=row.get("client_id"), content=inputs)


def user_message_row(item: UserMessageThreadItem) -> Fields:
    client = {} if item.clientId is None else {"client_id": item.clientId}
    return {"id": item.id, **client, "content": [_input_to_row(part) for part in msgspec.to_builtins(item.content)]}


def _input_from_row(part: Fields) -> Fields:
    fields = {_INPUT_TO_WIRE.get(key, key): value for key, value in part.items()}
    fields["type"] = camel(fields["type"])
    if fields["type"] in ("image", "localImage"):
        fields.setdefault("detail", None)
    if "text_elements" in fields:
        fields["text_elements"] = [renamed(element, camel) for element in fields["text_elements"]]
    return fields


def _input_to_row(part: Fields) -> Fields:
    kind = part["type"]
    names = {"url": f"{kind}_url", "fileId": "file_id"}
    fields = {names.get(key, key): value for key, value in part.items() if value is not None}
    fields["type"] = snake(kind)
    if "text_elements" in fields:
        fields["text_elements"] = [renamed(element, snake) for element in fields["text_elements"]]
    return fields


_INPUT_TO_WIRE = {"image_url": "url", "audio_url": "url", "file_id": "fileId"}


def agent_message(row: Fields) -> ThreadItem:
    return AgentMessageThreadItem(
        id=row["id"],
        text="".join([part.get("text", "") for part in row["content"]]),
        phase=row.get("phase"),
    )


def agent_message_row(item: AgentMessageThreadItem) -> Fields:
    phase = {} if item.phase is None else {"phase": item.phase}
    return {"id": item.id, "content": [{"type": "Text", "text": item.text}], **phase}


def reasoning(row: Fields) -> ThreadItem:
    return ReasoningThreadItem(id=row["id"], summary=row["summary_text"], content=row.get("raw_content") or [])


def reasoning_row(item: ReasoningThreadItem) -> Fields:
    return {"id": item.id, "summary_text": item.summary, "raw_content": item.content}


def entered_review(row: Fields) -> ThreadItem:
    return EnteredReviewModeThreadItem(id=row["id"], review=row.get("user_facing_hint") or "")


def entered_review_row(item: EnteredReviewModeThreadItem) -> Fields:
    target = {"type": "custom", "instructions": item.review}
    return {"id": item.id, "target": target, "user_facing_hint": item.review}


def exited_review(row: Fields) -> ThreadItem:
    return ExitedReviewModeThreadItem(id=row["id"], review=review_text(row.get("review_output") or {}))


def exited_review_row(item: ExitedReviewModeThreadItem) -> Fields:
    output = {
        "findings": [],
        "overall_correctness": "",
        "overall_explanation": item.review,
        "overall_confidence_score": 0.0,
    }
    return {"id": item.id, "review_output": output}


def review_text(output: Fields) -> str:
    """A review as people read it."""
    parts = [output.get("overall_explanation") or ""]
    if findings := output.get("findings"):
        parts.append("Review comment:" if len(findings) == 1 else "Full review comments:")
        for finding in findings:
            place = finding["code_location"]
            lines = "{start}-{end}".format(**place["line_range"])
            body = "\n".join(f"  {line}" for line in finding["body"].splitlines())
            parts.append(f"- {finding['title']} — {place['absolute_file_path']}:{lines}\n{body}")
    return "\n\n".join(part for part in parts if part)

"""Making a history smaller, as pure functions on Responses items: nothing here changes what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.agent.history.history import OUTPUT_OF, OUTPUTS, message_text, pair_of
from spindled.agent.history.tokens import BYTES_PER_TOKEN, after_last_answer, estimate, estimate_all
from spindled.agent.prompt.prompt import is_context, message
from spindled.agent.turn.notes import TAG

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = dict[str, Any]

USER_TOKENS = 20_000
"""How much of the user's own words is kept beside a summary."""
KEPT_RESULTS = 3
"""How many of the newest tool results are never shortened."""
LONG_RESULT = 500
SHORT_RESULT = 200
CLEARED = "[Old tool result cleared]"
SUMMARY_TAG = "conversation_summary"
NOT_THE_USERS = (
    "<turn_aborted>",
    "<user_shell_command>",
    f"<{SUMMARY_TAG}>",
    f"<{TAG}>",
    "<skill name=",
    "<additional_context",
)

PROMPT = """\
The conversation above is about to be replaced by a summary, because it no longer fits. Write that summary now: it is \
all that will be known of this work, beside the user's own messages. Do not go on with the task and call no tools.

Cover, with names, paths, commands and figures exactly as they are:
- what the user wants, with every constraint and preference that was stated;
- what has been done, which files were read or changed and how, and what tools and tests showed;
- what was decided and why, and what was tried without success;
- where the work stands, and the next steps in order."""

SUMMARY_OPENING = (
    f"<{SUMMARY_TAG}>\nEarlier parts of this conversation were replaced by the summary below. The work it "
    "describes has been done, and files and running commands are as it left them. Go on from there.\n\n"
)
SUMMARY_CLOSING = f"\n</{SUMMARY_TAG}>"


def summary_text(answer: str) -> str:
    """What stands for the conversation from now on."""
    return f"{SUMMARY_OPENING}{answer.strip()}{SUMMARY_CLOSING}"


def replacement(context: Sequence[Item], items: Sequence[Item], summary: str, budget: int = USER_TOKENS) -> list[Item]:
    """A history as a new thread begins it, then the user's newest messages, then the summary (of `summary_text`)."""
    return [*context, *user_messages(items, budget), message("user", summary)]


# -- the user's words


def user_messages(items: Sequence[Item], budget: int) -> list[Item]:
    """The newest messages of the user within `budget` tokens, oldest first; the oldest of them is cut to fit."""
    kept: list[Item] = []
    for item in reversed(items):
        if budget <= 0:
            break
        if not is_user_message(item):
            continue
        size = estimate(item)
        kept.append(item if size <= budget else message("user", cut(message_text(item), budget)))
        budget -= size
    return kept[::-1]


def is_user_message(item: Item) -> bool:
    """Whether it is the user's words: not our context, no note of ours, no earlier summary."""
    return (
        item.get("type") == "message"
        and item.get("role") == "user"
        and not is_context(item)
        and not message_text(item).startswith(NOT_THE_USERS)
    )


def is_summary(item: Item) -> bool:
    return item.get("role") == "user" and message_text(item).startswith(f"<{SUMMARY_TAG}>")


def cut(text: str, tokens: int) -> str:
    """The beginning and the end of a text that is longer than so many tokens."""
    data, half = text.encode(), tokens * BYTES_PER_TOKEN // 2
    if len(data) <= 2 * half:
        return text
    head, tail = data[:half].decode(errors="ignore"), data[len(data) - half :].decode(errors="ignore")
    return f"{head}\n[... {(len(data) - 2 * half) // BYTES_PER_TOKEN} tokens left out ...]\n{tail}"


# -- tool results


def cleared(items: Sequence[Item]) -> list[Item]:
    """Without what tools returned long ago; the newest results and those that the model has not seen stay."""
    return [
        {**item, "output": CLEARED} if old and estimate(item) > estimate({**item, "output": CLEARED}) else item
        for item, old in _old_results(items)
    ]


def pruned(items: Sequence[Item]) -> list[Item]:
    """With only beginning and end of long results that are old."""
    return [
        {**item, "output": cut(_result_text(item["output"]), SHORT_RESULT)}
        if old and estimate(item) > LONG_RESULT
        else item
        for item, old in _old_results(items)
    ]


def _old_results(items: Sequence[Item]) -> list[tuple[Item, bool]]:
    unseen = after_last_answer(items)
    results = [index for index, item in enumerate(items[:unseen]) if item.get("type") in OUTPUTS and "output" in item]
    old = set(results[:-KEPT_RESULTS])
    return [(item, index in old) for index, item in enumerate(items)]


def _result_text(output: Any) -> str:
    return output if isinstance(output, str) else message_text({"content": output}) or CLEARED


# -- a request for a summary that is itself too long


def without_oldest(items: Sequence[Item], tokens: int) -> list[Item] | None:
    """At least `tokens` less: the oldest calls go with their results, then the oldest messages.

    Context, an earlier summary and the newest message of the user stay. None if there is nothing to leave out.
    """
    out: set[int] = set()
    for group in _expendable(items):
        if tokens <= 0:
            break
        out.update(group)
        tokens -= estimate_all(items[index] for index in group)
    return [item for index, item in enumerate(items) if index not in out] if out else None


def _expendable(items: Sequence[Item]) -> list[list[int]]:
    """Indices that go together, in the order in which they may go.

    A provider refuses reasoning without what it led to, and the other way round, so they are one with the calls.
    """
    newest = next((index for index in reversed(range(len(items))) if is_user_message(items[index])), None)
    kept = {index for index, item in enumerate(items) if index == newest or is_context(item) or is_summary(item)}
    rounds = [each for each in _rounds(items) if not kept.intersection(each)]
    return sorted(rounds, key=lambda each: all(items[index].get("type") not in OUTPUT_OF for index in each))


def _rounds(items: Sequence[Item]) -> list[list[int]]:
    """Each item alone, but a call with its result, and reasoning with all that the model made after it in one go."""
    found: list[list[int]] = []
    calls: dict[Any, list[int]] = {}
    thought: list[int] | None = None
    for index, item in enumerate(items):
        kind = item.get("type")
        if kind in OUTPUTS and pair_of(item) in calls:
            calls[pair_of(item)].append(index)
            thought = None
            continue
        if kind not in OUTPUT_OF and kind != "reasoning" and item.get("role") != "assistant":
            thought = None
        group = thought if thought is not None else []
        if not group:
            found.append(group)
        group.append(index)
        if kind == "reasoning":
            thought = group
        if kind in OUTPUT_OF:
            calls[pair_of(item)] = group
    return found

"""The output items of one response while they grow, and how an item is settled that was never confirmed."""

from __future__ import annotations

from typing import Any

from .events import Item, ItemAdded, ItemDone, ModelEvent

CALL_PAYLOADS = {"function_call": "arguments", "custom_tool_call": "input"}
ID_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}


class Draft:
    """One announced item. `id` is the first one seen and stays, whatever later events call it."""

    __slots__ = ("done", "emitted", "id", "index", "item", "lost", "payload", "reasoning", "summary", "text")

    def __init__(self, index: int, item: Item):
        self.index = index
        self.item = item
        self.id: str = item["id"]
        self.text: list[str] = []  # of a message
        self.payload: list[str] = []  # of a call
        self.summary: dict[int, list[str]] = {}
        self.reasoning: dict[int, list[str]] = {}
        self.done: Item | None = None
        self.emitted = False
        self.lost = False  # it ended unfinished

    @property
    def type(self) -> str:
        return str(self.item.get("type", ""))

    @property
    def name(self) -> str:
        """Of the tool that a call names, else of the type."""
        name = self.item.get("name")
        return name if isinstance(name, str) and name else self.type

    @property
    def is_open(self) -> bool:
        return self.done is None and not self.lost

    @property
    def is_call(self) -> bool:
        return self.type.endswith("_call")

    def finish(self, item: Item) -> None:
        """The provider's final form of the item, under the id that the consumer knows."""
        self.lost = self.is_call and item.get("status") == "incomplete"
        if not self.lost:
            self.done = item if item.get("id") == self.id else {**item, "id": self.id}

    def settle(self, status: str) -> None:
        """Finish it from what was streamed; nothing comes of a message or reasoning without content."""
        settled = self._settled(status)
        if settled is not None:
            self.done = settled

    def _settled(self, status: str) -> Item | None:
        if self.type in CALL_PAYLOADS:
            name = CALL_PAYLOADS[self.type]
            empty = "{}" if name == "arguments" else ""
            payload = "".join(self.payload) or self.item.get(name) or empty
            return {**self.item, name: payload, "status": status} if self.item.get("name") else None
        if self.type == "message":
            return self._message(status)
        if self.type == "reasoning" and (self.summary or self.reasoning):
            return {
                **self.item,
                "summary": _parts("summary_text", self.summary),
                **({"content": _parts("reasoning_text", self.reasoning)} if self.reasoning else {}),
            }
        return None

    def _message(self, status: str) -> Item | None:
        text = "".join(self.text)
        if not text:
            return None
        content = [{"type": "output_text", "text": text, "annotations": []}]
        return {**self.item, "role": "assistant", "status": status, "content": content}


def _parts(kind: str, parts: dict[int, list[str]]) -> list[dict[str, Any]]:
    return [{"type": kind, "text": "".join(parts[index])} for index in sorted(parts)]


class Output:
    """The drafts of one response, and the events that tell of them. Providers rotate ids, and omit or repeat indexes,
    so an event finds its draft by whatever it carries."""

    def __init__(self) -> None:
        self.events: list[ModelEvent] = []  # not yet taken
        self.at: dict[int | None, Draft] = {}  # the newest draft of each output index
        self._drafts: list[Draft] = []

    def find(self, index: int | None, item_id: str | None = None, call_id: str | None = None) -> Draft | None:
        """The draft at `index`, else the one with this id or call id."""
        draft = self.at.get(index)
        if draft is not None:
            return draft
        for draft in self._drafts:
            if (item_id and draft.id == item_id) or (call_id and draft.item.get("call_id") == call_id):
                return draft
        return None

    def last_open(self, kind: str) -> Draft | None:
        return next((draft for draft in reversed(self._drafts) if draft.type == kind and draft.is_open), None)

    def take(self) -> list[ModelEvent]:
        """The events since the last call."""
        events, self.events = self.events, []
        return events

    def add(self, index: int | None, item: Item) -> Draft:
        """Announce an item; without an index it goes to the end."""
        if index is None:
            index = max((draft.index for draft in self._drafts), default=-1) + 1
        if not isinstance(item.get("id"), str) or not item["id"]:
            item = {**item, "id": _made_up_id(item)}
        draft = self.at[index] = Draft(index, item)
        self._drafts.append(draft)
        self.events.append(ItemAdded(draft.item))
        return draft

    def emit_done(self) -> None:
        """In output order: a finished item waits for an earlier one that still grows."""
        for draft in self.in_order():
            if draft.is_open:
                return
            self._emit(draft)

    def settle(self, status: str) -> list[str]:
        """Finish what is still open: "completed" or "incomplete". The names of the calls that are lost by it."""
        drafts = self.in_order()
        lost = [draft for draft in drafts if draft.is_call and draft.done is None] if status == "incomplete" else []
        for draft in drafts:
            if draft not in lost:
                if draft.is_open:
                    draft.settle(status)
                self._emit(draft)
        return [draft.name for draft in lost]

    def _emit(self, draft: Draft) -> None:
        if draft.done is not None and not draft.emitted:
            draft.emitted = True
            self.events.append(ItemDone(draft.done))

    def in_order(self) -> list[Draft]:
        return sorted(self._drafts, key=lambda draft: draft.index)

    def match(self, items: list[Item]) -> list[tuple[Item, Draft | None]]:
        """The items of a terminal response, each with its draft: first by id, then the next of the same type."""
        free = self.in_order()
        matched: list[Draft | None] = []
        for item in items:
            draft = next((d for d in free if _same(d, item)), None)
            matched.append(draft)
            if draft is not None:
                free.remove(draft)
        for position, item in enumerate(items):
            if matched[position] is None:
                draft = next((d for d in free if d.type == item.get("type") and _may_be(d, item)), None)
                matched[position] = draft
                if draft is not None:
                    free.remove(draft)
        return list(zip(items, matched, strict=True))


def _same(draft: Draft, item: Item) -> bool:
    if draft.is_call and item.get("call_id"):
        return bool(draft.item.get("call_id") == item["call_id"])
    ids = {draft.id, (draft.done or draft.item).get("id")}
    return item.get("id") in ids


def _may_be(draft: Draft, item: Item) -> bool:
    """Calls are told apart by their call id, where both have one."""
    return not (draft.is_call and item.get("call_id") and draft.item.get("call_id"))


def _made_up_id(item: Item) -> str:
    import uuid

    return f"{ID_PREFIXES.get(str(item.get('type')), 'item')}_{uuid.uuid4().hex}"

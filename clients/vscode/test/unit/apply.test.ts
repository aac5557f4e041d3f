import { describe, expect, test } from "vitest";
import { apply } from "../../src/model/apply";
import { runningTurn, titleOf } from "../../src/model/thread";
import { agentMessage, notification, reasoning, thread, turn } from "./wire";

function running() {
  return thread([turn("1", "inProgress")]);
}

describe("a turn", () => {
  test("opens once, however often it is told", () => {
    const model = thread();
    apply(model, notification("turn/started", { turn: turn("1", "inProgress") }));
    apply(model, notification("turn/started", { turn: turn("1", "inProgress") }));
    expect(model.turns.map(({ id }) => id)).toEqual(["1"]);
    expect(runningTurn(model)?.id).toBe("1");
  });

  test("keeps its items when its end is told without them", () => {
    const model = running();
    apply(model, notification("item/started", { item: agentMessage("a", "") }));
    apply(model, notification("item/agentMessage/delta", { itemId: "a", delta: "Hel" }));
    apply(model, notification("turn/completed", { turn: turn("1", "interrupted") }));
    expect(model.turns[0]).toMatchObject({ status: "interrupted", items: [{ done: true, item: { text: "Hel" } }] });
    expect(runningTurn(model)).toBeUndefined();
  });

  test("that failed says why", () => {
    const model = running();
    const failed = { ...turn("1", "failed"), error: { message: "no credit" } };
    apply(model, notification("turn/completed", { turn: failed }));
    expect(model.turns[0]?.error?.message).toBe("no credit");
  });
});

describe("an item", () => {
  test("grows by its deltas and is then what its completion says", () => {
    const model = running();
    apply(model, notification("item/started", { item: agentMessage("a", "") }));
    for (const delta of ["Hel", "lo"]) apply(model, notification("item/agentMessage/delta", { itemId: "a", delta }));
    expect(model.turns[0]?.items).toMatchObject([{ done: false, item: { text: "Hello" } }]);
    const change = apply(model, notification("item/completed", { item: agentMessage("a", "Hello!") }));
    expect(change).toEqual({ items: ["a"] });
    expect(model.turns[0]?.items).toMatchObject([{ done: true, item: { text: "Hello!" } }]);
  });

  test("of reasoning has parts, which may come in any order", () => {
    const model = running();
    apply(model, notification("item/started", { item: reasoning("r") }));
    apply(model, notification("item/reasoning/summaryTextDelta", { itemId: "r", summaryIndex: 1, delta: "b" }));
    apply(model, notification("item/reasoning/summaryTextDelta", { itemId: "r", summaryIndex: 0, delta: "a" }));
    apply(model, notification("item/reasoning/textDelta", { itemId: "r", contentIndex: 0, delta: "c" }));
    expect(model.turns[0]?.items[0]?.item).toMatchObject({ summary: ["a", "b"], content: ["c"] });
  });

  test("that nobody knows is no error", () => {
    expect(apply(running(), notification("item/agentMessage/delta", { itemId: "x", delta: "?" }))).toBeUndefined();
    expect(apply(running(), notification("item/started", { turnId: "9", item: reasoning("r") }))).toBeUndefined();
  });
});

test("a thread is called by its first words", () => {
  const model = { ...running(), preview: "" };
  const item = { type: "userMessage", id: "u", content: [{ type: "text", text: "Do it\nnow" }] } as never;
  apply(model, notification("item/completed", { item }));
  expect(titleOf(model)).toBe("Do it");
  expect(model.turns[0]?.items).toHaveLength(1);
});

test("other threads do not concern it", () => {
  const model = thread();
  apply(model, notification("turn/started", { threadId: "other", turn: turn("1", "inProgress") }));
  expect(model.turns).toEqual([]);
});

test("usage, cost and name", () => {
  const model = thread();
  apply(model, notification("thread/tokenUsage/updated", { tokenUsage: { total: {}, last: {} }, costUsd: 0.5 }));
  apply(model, notification("thread/name/updated", { threadName: "A name" }));
  expect(model).toMatchObject({ cost: 0.5, name: "A name" });
  expect(titleOf(model)).toBe("A name");
  expect(titleOf(thread())).toBe("Hello");
});

test("changes of what is approved for the session are counted", () => {
  const model = thread();
  expect(apply(model, notification("thread/grants/changed", {}))).toEqual({ thread: true });
  expect(apply(model, notification("thread/grants/changed", { threadId: "other" }))).toBeUndefined();
  expect(model.grantChanges).toBe(1);
});

test("a resumed turn knows which of its items go on", () => {
  const command = { type: "commandExecution", id: "c", status: "inProgress" } as never;
  const model = thread([turn("1", "inProgress", [agentMessage("a", "x"), command])]);
  expect(model.turns[0]?.items.map(({ done }) => done)).toEqual([true, false]);
});

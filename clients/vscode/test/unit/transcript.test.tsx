// @vitest-environment happy-dom
import { afterEach, describe, expect, test } from "vitest";
import { DrawnThread } from "./view";
import { agentMessage, notification, thread, turn } from "./wire";

let view: DrawnThread | undefined;
afterEach(() => view?.close());

/** Turns that are over, and one that runs with one message. */
async function show(turns: number, itemsOfATurn: number): Promise<DrawnThread> {
  const items = (at: number) => Array.from({ length: itemsOfATurn }, (_, each) => agentMessage(`${at}-${each}`, "x"));
  const over = Array.from({ length: turns }, (_, at) => turn(`over-${at}`, "completed", items(at)));
  view = await DrawnThread.show(thread([...over, turn("1", "inProgress", [agentMessage("a", "")])]));
  return view;
}

const delta = () => notification("item/agentMessage/delta", { itemId: "a", delta: "word " });

describe.each([
  ["200 turns of 10 items", 200, 10],
  ["one turn of 2,000 items", 1, 2000],
])("%s", (_, turns, itemsOfATurn) => {
  test("only what is near is there", async () => {
    const drawn = await show(turns, itemsOfATurn);
    expect(drawn.count(".item")).toBe(1);
    expect(drawn.places).toHaveLength(201);
    const near = drawn.places.slice(100, 103);
    await drawn.near(near, true);
    for (const some of [11, 21, 31, 31]) {
      await drawn.frame();
      expect(drawn.count(".item")).toBe(some);
    }
    await drawn.near(near, false, 765);
    expect(drawn.count(".item")).toBe(1);
    expect(near.map((place) => place.style.height)).toEqual(["765px", "765px", "765px"]);
  });

  test("what is told draws as much as in a short thread", async () => {
    const costs = async (drawn: DrawnThread) => {
      await drawn.near(drawn.places.slice(-3), true);
      for (let frames = 0; frames < 3; frames++) await drawn.frame();
      return [
        await drawn.tell(delta(), delta(), delta()),
        await drawn.tell(notification("item/completed", { item: agentMessage("a", "word") })),
        await drawn.tell(notification("item/started", { item: agentMessage("b", "") })),
        await drawn.tell(notification("thread/tokenUsage/updated", { tokenUsage: {} })),
      ];
    };
    const short = await costs(await show(3, 10));
    expect(short[0]).toEqual(["Item", "AgentMessage"]);
    view?.close();
    expect(await costs(await show(turns, itemsOfATurn))).toEqual(short);
  });
});

test("a turn that begins or ends leaves the others as they are", async () => {
  const drawn = await show(200, 10);
  await drawn.near(drawn.places.slice(-3), true);
  for (let frames = 0; frames < 3; frames++) await drawn.frame();
  const ended = await drawn.tell(notification("turn/completed", { turn: turn("1", "completed") }));
  expect(ended.filter((name) => name === "Turn")).toHaveLength(1);
  expect(ended.filter((name) => name === "Item")).toHaveLength(0);
  const begun = await drawn.tell(notification("turn/started", { turn: turn("2", "inProgress") }));
  expect(begun.filter((name) => name === "Turn")).toHaveLength(1);
});

test("what changes now is there also out of sight, until its turn ends", async () => {
  const drawn = await show(1, 10);
  await drawn.tell(delta());
  expect(drawn.places.at(-1)?.textContent).toContain("word");
  await drawn.tell(notification("turn/completed", { turn: turn("1", "completed") }));
  expect(drawn.count(".item")).toBe(0);
});

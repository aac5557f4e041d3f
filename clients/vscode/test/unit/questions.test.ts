import { expect, test } from "vitest";
import { type Question, Questions } from "../../src/approvals/questions";

function question(key: string): Question {
  return { key, kind: "command", threadId: "t", turnId: "1", itemId: key, params: {} as never };
}

test("the first answer counts, the second one has nobody to go to", async () => {
  const questions = new Questions();
  const asked = questions.ask(question("a"));
  expect(questions.answer("a", { decision: "accept" })).toBe(true);
  expect(questions.answer("a", { decision: "decline" })).toBe(false);
  expect(await asked).toEqual({ decision: "accept" });
});

test("a question that is withdrawn has no answer of ours", async () => {
  const questions = new Questions();
  const asked = questions.ask(question("a"));
  questions.withdraw("a");
  expect(await asked).toBeUndefined();
  expect(questions.open).toEqual([]);
});

test("a question that is asked again takes the place of the earlier one", async () => {
  const questions = new Questions();
  const first = questions.ask(question("a"));
  const second = questions.ask(question("a"));
  expect(await first).toBeUndefined();
  expect(questions.open).toHaveLength(1);
  questions.answer("a", { decision: "decline" });
  expect(await second).toEqual({ decision: "decline" });
});

test("listeners see what is open", () => {
  const questions = new Questions();
  const seen: string[][] = [];
  const stop = questions.onChange((open) => seen.push(open.map(({ key }) => key)));
  void questions.ask(question("a"));
  void questions.ask(question("b"));
  questions.withdrawAll();
  stop();
  void questions.ask(question("c"));
  expect(seen).toEqual([["a"], ["a", "b"], ["b"], []]);
});

import { expect, test } from "vitest";
import { answerThrough } from "../../src/approvals/answers";
import { Questions } from "../../src/approvals/questions";
import type { Daemon } from "../../src/daemon/daemon";

const PLACE = { threadId: "t", turnId: "1", itemId: "i" };

/** What the daemon is answered when the user answers so. */
async function answered(method: string, given: Parameters<Questions["answer"]>[1] | undefined): Promise<unknown> {
  const handlers = new Map<string, (params: object, token: object) => Promise<unknown>>();
  const daemon = { answer: handlers.set.bind(handlers) } as unknown as Daemon;
  const questions = new Questions();
  answerThrough(daemon, questions, () => null);
  const answer = handlers.get(method)!(PLACE, { onCancellationRequested: () => undefined });
  if (given) questions.answer("i", given);
  else questions.withdraw("i");
  return answer;
}

test("a patch may be accepted in part", async () => {
  const method = "item/fileChange/requestApproval";
  expect(await answered(method, { decision: "accept" })).toEqual({ decision: "accept" });
  const part = { decision: "accept", acceptedPaths: ["/a"] } as const;
  expect(await answered(method, { ...part, acceptedPaths: ["/a"] })).toEqual(part);
  expect(await answered(method, { decision: "accept", acceptedPaths: [] })).toEqual({
    decision: "accept",
    acceptedPaths: [],
  });
});

test("no answer is a no", async () => {
  for (const method of ["item/fileChange/requestApproval", "item/commandExecution/requestApproval"])
    expect(await answered(method, undefined)).toEqual({ decision: "decline" });
  expect(await answered("item/tool/requestUserInput", undefined)).toEqual({ answers: {} });
});

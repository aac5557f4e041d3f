import type * as vscode from "vscode";
import type { Daemon } from "../daemon/daemon";
import { findItem } from "../model/apply";
import type { ThreadModel } from "../model/thread";
import type { FileUpdateChange } from "../protocol/types";
import type { Answer, Decision, Question, Questions } from "./questions";

/** Puts the daemon's questions to whoever answers first. No answer is a no. */
export function answerThrough(daemon: Daemon, questions: Questions, thread: () => ThreadModel | null): void {
  const ask = (question: Question, token: vscode.CancellationToken): Promise<Answer | undefined> => {
    token.onCancellationRequested(() => questions.withdraw(question.key));
    return questions.ask(question);
  };
  daemon.answer("item/commandExecution/requestApproval", async (params, token) => {
    const key = params.approvalId ?? params.itemId;
    return { decision: decisionOf(await ask({ ...placeOf(params), key, kind: "command", params }, token)) };
  });
  daemon.answer("item/fileChange/requestApproval", async (params, token) => {
    const changes = changesOf(thread(), params);
    const question: Question = { ...placeOf(params), key: params.itemId, kind: "changes", params, changes };
    const answer = await ask(question, token);
    const accepted = answer && "decision" in answer ? answer.acceptedPaths : undefined;
    return { decision: decisionOf(answer), ...(accepted && { acceptedPaths: accepted }) };
  });
  daemon.answer("item/tool/requestUserInput", async (params, token) => {
    const answer = await ask({ ...placeOf(params), key: params.itemId, kind: "input", params }, token);
    return answer && "answers" in answer ? answer : { answers: {} };
  });
}

interface Place {
  threadId: string;
  turnId: string;
  itemId: string;
}

function placeOf({ threadId, turnId, itemId }: Place): Place {
  return { threadId, turnId, itemId };
}

function decisionOf(answer: Answer | undefined): Decision {
  return answer && "decision" in answer ? answer.decision : "decline";
}

function changesOf(thread: ThreadModel | null, place: Place): FileUpdateChange[] {
  const item = thread?.id === place.threadId ? findItem(thread, place)?.item : undefined;
  return item?.type === "fileChange" ? item.changes : [];
}

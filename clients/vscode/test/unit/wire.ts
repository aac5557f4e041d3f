import type { Notification, NotificationMethod } from "../../src/protocol/methods";
import type { Thread, ThreadItem, Turn } from "../../src/protocol/types";
import { type ThreadModel, threadOf } from "../../src/model/thread";

/** Messages of the wire, as far as the tests need them. */
export function turn(id: string, status: Turn["status"], items: ThreadItem[] = []): Turn {
  return { id, status, items, error: null, startedAt: 1, completedAt: null, durationMs: null } as unknown as Turn;
}

export function agentMessage(id: string, text: string): ThreadItem {
  return { type: "agentMessage", id, text } as ThreadItem;
}

export function reasoning(id: string): ThreadItem {
  return { type: "reasoning", id, summary: [], content: [] } as unknown as ThreadItem;
}

export function thread(turns: Turn[] = []): ThreadModel {
  const told = { id: "t", name: null, preview: "Hello\nthere", cwd: "/work", turns } as unknown as Thread;
  return threadOf(told, { model: "m", reasoningEffort: null, approvalPolicy: "on-request" }, null);
}

export function notification<M extends NotificationMethod>(method: M, params: object): Notification {
  return { method, params: { threadId: "t", turnId: "1", ...params } } as unknown as Notification;
}

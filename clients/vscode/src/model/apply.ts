import type { ThreadItem } from "../protocol/types";
import type { Notification } from "../protocol/methods";
import { type ItemModel, type ThreadModel, type TurnModel, turnOf } from "./thread";

/** The items that a notification changed, or "all" where more than items did. Nothing if it is about another thread. */
export type Change = { turnId: string; itemId: string } | "turns" | "thread" | undefined;

/** Brings `thread` up to date, in place: a delta costs the same however long the thread is. */
export function apply(thread: ThreadModel, notification: Notification): Change {
  if (!concerns(thread, notification)) return undefined;
  switch (notification.method) {
    case "turn/started":
      openTurn(thread, turnOf(notification.params.turn));
      return "turns";
    case "turn/completed":
      closeTurn(thread, turnOf(notification.params.turn));
      return "turns";
    case "item/started":
      return settle(thread, notification.params.turnId, { item: notification.params.item, done: false });
    case "item/completed":
      if (!thread.preview) return previewed(thread, notification.params.turnId, notification.params.item);
      return settle(thread, notification.params.turnId, { item: notification.params.item, done: true });
    case "item/agentMessage/delta":
    case "item/plan/delta":
      return grow(thread, notification.params, "text");
    case "item/commandExecution/outputDelta":
      return grow(thread, notification.params, "aggregatedOutput");
    case "item/reasoning/textDelta":
      return growPart(thread, notification.params, "content", notification.params.contentIndex);
    case "item/reasoning/summaryTextDelta":
      return growPart(thread, notification.params, "summary", notification.params.summaryIndex);
    case "item/fileChange/patchUpdated": {
      const found = findItem(thread, notification.params);
      if (found?.item.type === "fileChange") found.item = { ...found.item, changes: notification.params.changes };
      return found && place(notification.params);
    }
    case "turn/plan/updated":
      return inTurn(thread, notification.params.turnId, (turn) => (turn.plan = notification.params.plan));
    case "turn/diff/updated":
      return inTurn(thread, notification.params.turnId, (turn) => (turn.diff = notification.params.diff));
    case "error":
      return inTurn(thread, notification.params.turnId, (turn) => {
        turn.notices.push({ text: notification.params.error.message, willRetry: notification.params.willRetry });
      });
    case "warning":
      thread.turns.at(-1)?.notices.push({ text: notification.params.message, willRetry: true });
      return "turns";
    case "thread/tokenUsage/updated":
      thread.usage = notification.params.tokenUsage;
      thread.cost = notification.params.costUsd ?? null;
      return "thread";
    case "thread/name/updated":
      thread.name = notification.params.threadName ?? null;
      return "thread";
    case "thread/archived":
    case "thread/unarchived":
      thread.archived = notification.method === "thread/archived";
      return "thread";
    default:
      return undefined;
  }
}

export interface Place {
  turnId: string;
  itemId: string;
}

interface Delta extends Place {
  delta: string;
}

function concerns(thread: ThreadModel, notification: Notification): boolean {
  const params = notification.params as { threadId?: string | null } | undefined;
  return params?.threadId === thread.id;
}

function place({ turnId, itemId }: Place): Change {
  return { turnId, itemId };
}

function findTurn(thread: ThreadModel, id: string): TurnModel | undefined {
  return thread.turns.findLast((turn) => turn.id === id);
}

export function findItem(thread: ThreadModel, { turnId, itemId }: Place): ItemModel | undefined {
  return findTurn(thread, turnId)?.items.findLast((each) => each.item.id === itemId);
}

function openTurn(thread: ThreadModel, turn: TurnModel): void {
  if (!findTurn(thread, turn.id)) thread.turns.push(turn);
}

/** The turn's end as told; what was gathered of it stays, since the notification comes without items. */
function closeTurn(thread: ThreadModel, end: TurnModel): void {
  const turn = findTurn(thread, end.id);
  if (!turn) {
    thread.turns.push(end);
    return;
  }
  Object.assign(turn, { status: end.status, error: end.error, durationMs: end.durationMs });
  for (const each of turn.items) each.done = true;
}

function settle(thread: ThreadModel, turnId: string, entry: ItemModel): Change {
  const turn = findTurn(thread, turnId);
  if (!turn) return undefined;
  const at = turn.items.findLastIndex((each) => each.item.id === entry.item.id);
  if (at < 0) turn.items.push(entry);
  else turn.items[at] = entry;
  return { turnId, itemId: entry.item.id };
}

/** A thread is called by its first words until it has a name. */
function previewed(thread: ThreadModel, turnId: string, item: ThreadItem): Change {
  settle(thread, turnId, { item, done: true });
  if (item.type === "userMessage") {
    thread.preview = item.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  }
  return "turns";
}

function grow(thread: ThreadModel, params: Delta, field: "text" | "aggregatedOutput"): Change {
  const found = findItem(thread, params);
  if (!found) return undefined;
  const item = found.item as ThreadItem & Record<typeof field, string | null>;
  found.item = { ...item, [field]: (item[field] ?? "") + params.delta };
  return place(params);
}

function growPart(thread: ThreadModel, params: Delta, field: "content" | "summary", index: number): Change {
  const found = findItem(thread, params);
  if (found?.item.type !== "reasoning") return undefined;
  const parts = [...found.item[field]];
  while (parts.length <= index) parts.push("");
  parts[index] += params.delta;
  found.item = { ...found.item, [field]: parts };
  return place(params);
}

function inTurn(thread: ThreadModel, turnId: string, change: (turn: TurnModel) => unknown): Change {
  const turn = findTurn(thread, turnId);
  if (!turn) return undefined;
  change(turn);
  return "turns";
}

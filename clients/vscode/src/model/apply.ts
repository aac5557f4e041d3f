import type { ThreadItem } from "../protocol/types";
import type { Notification } from "../protocol/methods";
import { type ItemModel, type ThreadModel, type TurnModel, turnOf } from "./thread";

/** What a notification changed, so that no more than that is drawn again. */
export interface Change {
  /** What is said of the thread: its name, what it used. */
  thread?: true;
  /** Which turns there are. */
  turns?: true;
  /** A turn apart from what is in its items: how many there are, its status, its plan. */
  turn?: string;
  /** What is in these items. */
  items?: string[];
}

/**
 * Brings `thread` up to date, in place: a delta costs the same however long the thread is. Undefined if it is about
 * another thread, or changes nothing.
 */
export function apply(thread: ThreadModel, notification: Notification): Change | undefined {
  if (!concerns(thread, notification)) return undefined;
  switch (notification.method) {
    case "turn/started":
      return openTurn(thread, turnOf(notification.params.turn));
    case "turn/completed":
      return closeTurn(thread, turnOf(notification.params.turn));
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
      return found && { items: [found.item.id] };
    }
    case "turn/plan/updated":
      return change(findTurn(thread, notification.params.turnId), (turn) => (turn.plan = notification.params.plan));
    case "turn/diff/updated":
      return change(findTurn(thread, notification.params.turnId), (turn) => (turn.diff = notification.params.diff));
    case "error":
      return change(findTurn(thread, notification.params.turnId), (turn) => {
        turn.notices.push({ text: notification.params.error.message, willRetry: notification.params.willRetry });
      });
    case "warning": {
      const { message } = notification.params;
      return change(thread.turns.at(-1), (turn) => turn.notices.push({ text: message, willRetry: true }));
    }
    case "thread/tokenUsage/updated":
      thread.usage = notification.params.tokenUsage;
      thread.cost = notification.params.costUsd ?? null;
      return { thread: true };
    case "thread/grants/changed":
      thread.grantChanges += 1;
      return { thread: true };
    case "thread/name/updated":
      thread.name = notification.params.threadName ?? null;
      return { thread: true };
    case "thread/archived":
    case "thread/unarchived":
      thread.archived = notification.method === "thread/archived";
      return { thread: true };
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

function findTurn(thread: ThreadModel, id: string): TurnModel | undefined {
  return thread.turns.findLast((turn) => turn.id === id);
}

export function findItem(thread: ThreadModel, { turnId, itemId }: Place): ItemModel | undefined {
  return findTurn(thread, turnId)?.items.findLast((each) => each.item.id === itemId);
}

function openTurn(thread: ThreadModel, turn: TurnModel): Change | undefined {
  if (findTurn(thread, turn.id)) return undefined;
  thread.turns.push(turn);
  return { turns: true };
}

/** The turn's end as told; what was gathered of it stays, since the notification comes without items. */
function closeTurn(thread: ThreadModel, end: TurnModel): Change {
  const turn = findTurn(thread, end.id);
  if (!turn) {
    thread.turns.push(end);
    return { turns: true };
  }
  Object.assign(turn, { status: end.status, error: end.error, durationMs: end.durationMs });
  const open = turn.items.filter((each) => !each.done);
  for (const each of open) each.done = true;
  return { turn: turn.id, items: open.map(({ item }) => item.id) };
}

function settle(thread: ThreadModel, turnId: string, entry: ItemModel): Change | undefined {
  const turn = findTurn(thread, turnId);
  if (!turn) return undefined;
  const at = turn.items.findLastIndex((each) => each.item.id === entry.item.id);
  if (at < 0) {
    turn.items.push(entry);
    return { turn: turnId };
  }
  turn.items[at] = entry;
  return { items: [entry.item.id] };
}

/** A thread is called by its first words until it has a name. */
function previewed(thread: ThreadModel, turnId: string, item: ThreadItem): Change {
  const settled = settle(thread, turnId, { item, done: true });
  if (item.type === "userMessage") {
    thread.preview = item.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  }
  return { ...settled, thread: true };
}

function grow(thread: ThreadModel, params: Delta, field: "text" | "aggregatedOutput"): Change | undefined {
  const found = findItem(thread, params);
  if (!found) return undefined;
  const item = found.item as ThreadItem & Record<typeof field, string | null>;
  found.item = { ...item, [field]: (item[field] ?? "") + params.delta };
  return { items: [params.itemId] };
}

function growPart(thread: ThreadModel, params: Delta, field: "content" | "summary", index: number): Change | undefined {
  const found = findItem(thread, params);
  if (found?.item.type !== "reasoning") return undefined;
  const parts = [...found.item[field]];
  while (parts.length <= index) parts.push("");
  parts[index] += params.delta;
  found.item = { ...found.item, [field]: parts };
  return { items: [params.itemId] };
}

function change(turn: TurnModel | undefined, make: (turn: TurnModel) => unknown): Change | undefined {
  if (!turn) return undefined;
  make(turn);
  return { turn: turn.id };
}

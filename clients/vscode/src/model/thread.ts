import type { Thread, ThreadItem, ThreadTokenUsage, Turn, TurnError, TurnPlanStep } from "../protocol/types";

/** What is known of one thread: the extension and the view hold the same, kept up by the same notifications. */
export interface ThreadModel {
  id: string;
  name: string | null;
  preview: string;
  cwd: string;
  model: string;
  effort: string | null;
  approvalPolicy: string;
  /** Whether turns before the first one here are still to be asked for. */
  olderCursor: string | null;
  turns: TurnModel[];
  usage: ThreadTokenUsage | null;
  /** In dollars; null where prices are not known. */
  cost: number | null;
  archived: boolean;
  /** Counts the changes of what was approved for the session. */
  grantChanges: number;
}

export interface TurnModel {
  id: string;
  status: Turn["status"];
  error: TurnError | null;
  items: ItemModel[];
  plan: TurnPlanStep[];
  /** The unified diff of all that the turn changed. */
  diff: string;
  notices: Notice[];
  startedAt: number | null;
  durationMs: number | null;
}

export interface Notice {
  text: string;
  willRetry: boolean;
}

/** An item, and whether more of it is to come. */
export interface ItemModel {
  item: ThreadItem;
  done: boolean;
}

export function turnOf(turn: Turn): TurnModel {
  const running = turn.status === "inProgress";
  return {
    id: turn.id,
    status: turn.status,
    error: turn.error,
    items: turn.items.map((item) => ({ item, done: !running || isOver(item) })),
    plan: [],
    diff: "",
    notices: [],
    startedAt: turn.startedAt,
    durationMs: turn.durationMs,
  };
}

function isOver(item: ThreadItem): boolean {
  return !("status" in item) || item.status !== "inProgress";
}

export interface Settings {
  model: string;
  reasoningEffort: string | null;
  approvalPolicy: unknown;
}

/** A thread as an answer to `thread/start` or `thread/resume` tells it. */
export function threadOf(thread: Thread, settings: Settings, olderCursor: string | null): ThreadModel {
  return {
    id: thread.id,
    name: thread.name,
    preview: thread.preview,
    cwd: thread.cwd,
    model: settings.model,
    effort: settings.reasoningEffort,
    approvalPolicy: typeof settings.approvalPolicy === "string" ? settings.approvalPolicy : "granular",
    olderCursor,
    turns: thread.turns.map(turnOf),
    usage: null,
    cost: null,
    archived: false,
    grantChanges: 0,
  };
}

export function runningTurn(thread: ThreadModel): TurnModel | undefined {
  const last = thread.turns.at(-1);
  return last?.status === "inProgress" ? last : undefined;
}

export function titleOf(thread: Pick<ThreadModel, "name" | "preview">): string {
  return thread.name ?? firstLine(thread.preview);
}

function firstLine(text: string): string {
  return text.trimStart().split("\n", 1)[0] ?? "";
}

import type { Notification, Params, RequestMethod, Result } from "../protocol/methods";
import type { ThreadModel } from "../model/thread";
import type { Answer, Question } from "../approvals/questions";

/** What the view may ask of the daemon. Everything else that it sends is refused by the host. */
export const ALLOWED = [
  "thread/list",
  "thread/name/set",
  "thread/archive",
  "thread/unarchive",
  "thread/delete",
  "thread/turns/list",
  "thread/compact/start",
  "thread/grants/list",
  "thread/grants/revoke",
  "turn/start",
  "turn/steer",
  "turn/interrupt",
  "review/start",
  "model/list",
  "fuzzyFileSearch",
] as const satisfies readonly RequestMethod[];

export type AllowedMethod = (typeof ALLOWED)[number];

export interface Call<M extends AllowedMethod = AllowedMethod> {
  type: "call";
  id: number;
  method: M;
  params: Params<M>;
}

/** Something in a file that has a name. */
export interface FoundSymbol {
  name: string;
  /** The name of what it is in; empty at the top. */
  container: string;
  /** The path with the lines, as a mention has it. */
  place: string;
}

/** From the view to the host. A call and a search for symbols are answered by a result or an error with their id. */
export type FromView =
  | { type: "ready" }
  | Call
  | { type: "symbols"; id: number; query: string }
  | { type: "newThread" }
  | { type: "openThread"; threadId: string }
  | { type: "forkThread"; threadId: string }
  | { type: "closeThread" }
  | { type: "answer"; question: string; answer: Answer }
  | { type: "openFile"; path: string; line?: number }
  /** All files of the patch, or one. */
  | { type: "reviewChanges"; turnId: string; itemId: string; path?: string }
  | { type: "start" };

export type DaemonState =
  | { is: "starting" }
  | { is: "running" }
  | { is: "lost"; retryInSeconds: number }
  | { is: "missing"; tried: string[] }
  | { is: "untrusted" }
  | { is: "failed"; message: string };

/** From the host to the view. */
export type ToView =
  | { type: "state"; daemon: DaemonState; folders: string[] }
  | { type: "thread"; thread: ThreadModel | null }
  | { type: "notification"; notification: Notification }
  | { type: "questions"; questions: Question[] }
  | { type: "result"; id: number; result: Result<AllowedMethod> | FoundSymbol[] }
  | { type: "error"; id: number; message: string }
  | { type: "mention"; text: string }
  | { type: "focus" };

export function isAllowed(method: string): method is AllowedMethod {
  return (ALLOWED as readonly string[]).includes(method);
}

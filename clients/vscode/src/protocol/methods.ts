import type { Notifications, Questions, Requests } from "./wire/methods";

export type RequestMethod = keyof Requests;
export type Params<M extends RequestMethod> = Requests[M]["params"];
export type Result<M extends RequestMethod> = Requests[M]["result"];

/** What the daemon asks of us. */
export type QuestionMethod = keyof Questions;
export type QuestionParams<M extends QuestionMethod> = Questions[M]["params"];
export type QuestionResult<M extends QuestionMethod> = Questions[M]["result"];

/** The notifications that something here is done with. */
export const NOTIFICATIONS = [
  "thread/started",
  "thread/closed",
  "thread/archived",
  "thread/unarchived",
  "thread/name/updated",
  "thread/tokenUsage/updated",
  "thread/grants/changed",
  "turn/started",
  "turn/completed",
  "turn/plan/updated",
  "turn/diff/updated",
  "item/started",
  "item/completed",
  "item/agentMessage/delta",
  "item/plan/delta",
  "item/reasoning/textDelta",
  "item/reasoning/summaryTextDelta",
  "item/commandExecution/outputDelta",
  "item/fileChange/patchUpdated",
  "serverRequest/resolved",
  "error",
  "warning",
] as const satisfies readonly (keyof Notifications)[];

export type NotificationMethod = (typeof NOTIFICATIONS)[number];
export type Notification = {
  [M in NotificationMethod]: { method: M; params: Notifications[M]["params"] };
}[NotificationMethod];

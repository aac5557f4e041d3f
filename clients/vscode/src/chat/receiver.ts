import { isAbsolute, join } from "node:path";
import * as vscode from "vscode";
import type { ProposedFiles } from "../approvals/proposed";
import type { Questions } from "../approvals/questions";
import { type Place, findItem } from "../model/apply";
import type { Daemon } from "../daemon/daemon";
import type { CurrentThread } from "../threads/current";
import { symbolsLike } from "../editor/symbols";
import type { Result } from "../protocol/methods";
import { type AllowedMethod, type Call, type FoundSymbol, type FromView, type ToView, isAllowed } from "./messages";

export interface Rooms {
  daemon: Daemon;
  current: CurrentThread;
  questions: Questions;
  proposed: ProposedFiles;
  send(message: ToView): void;
  /** Everything that a view needs that has just come. */
  greet(): void;
  start(): Promise<void>;
  folder(): string | undefined;
}

/** Does what the view asks for. */
export function receiver(rooms: Rooms): (message: FromView) => void {
  const { current, questions, daemon } = rooms;
  const attempt = (action: Promise<unknown>) =>
    void action.catch((error: unknown) => vscode.window.showErrorMessage(messageOf(error)));
  return (message) => {
    switch (message.type) {
      case "ready":
        return rooms.greet();
      case "call":
        return void answer(rooms.send, message.id, () => called(daemon, message));
      case "symbols":
        return void answer(rooms.send, message.id, () => symbolsLike(message.query));
      case "newThread":
        return attempt(current.start(rooms.folder()));
      case "openThread":
        return attempt(current.open(message.threadId));
      case "forkThread":
        return attempt(current.fork(message.threadId));
      case "closeThread":
        return attempt(current.close());
      case "answer":
        return void questions.answer(message.question, message.answer);
      case "openFile":
        return attempt(openFile(message.path, message.line, current.thread?.cwd));
      case "reviewChanges":
        return attempt(review(rooms, message));
      case "start":
        return attempt(rooms.start());
    }
  };
}

async function called(daemon: Daemon, { method, params }: Call): Promise<Result<AllowedMethod>> {
  if (!isAllowed(method)) throw new Error(`${String(method)} is not for the view`);
  return daemon.request(method, params);
}

async function answer(
  send: (message: ToView) => void,
  id: number,
  find: () => Promise<Result<AllowedMethod> | FoundSymbol[]>,
): Promise<void> {
  try {
    send({ type: "result", id, result: await find() });
  } catch (error) {
    send({ type: "error", id, message: messageOf(error) });
  }
}

async function openFile(path: string, line: number | undefined, cwd: string | undefined): Promise<void> {
  const file = vscode.Uri.file(isAbsolute(path) ? path : join(cwd ?? "", path));
  const at = line === undefined ? undefined : new vscode.Position(Math.max(0, line - 1), 0);
  await vscode.window.showTextDocument(file, { preview: true, selection: at && new vscode.Range(at, at) });
}

async function review(rooms: Rooms, place: Place & { path?: string }): Promise<void> {
  const thread = rooms.current.thread;
  const item = thread && findItem(thread, place)?.item;
  if (!thread || item?.type !== "fileChange") return;
  const title = vscode.l10n.t("Changes of the agent");
  const changes = item.changes.filter(({ path }) => place.path === undefined || path === place.path);
  await rooms.proposed.show(changes, thread.cwd, item.status === "completed", title);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

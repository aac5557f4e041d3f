import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { answerThrough } from "./approvals/answers";
import { promptFor } from "./approvals/prompt";
import { ProposedFiles } from "./approvals/proposed";
import { type Question, Questions } from "./approvals/questions";
import { receiver } from "./chat/receiver";
import type { DaemonState } from "./chat/messages";
import { ChatView } from "./chat/view";
import { Daemon } from "./daemon/daemon";
import { reach } from "./daemon/launch";
import { locate } from "./daemon/locate";
import { selectedInterpreter } from "./daemon/python";
import { runningTurn } from "./model/thread";
import type { UserInput } from "./protocol/types";
import { Status } from "./status";
import { CurrentThread } from "./threads/current";

const LAST_THREAD = "lastThread";

class Missing extends Error {
  constructor(readonly tried: string[]) {
    super(vscode.l10n.t("spindled is not installed."));
  }
}

/** Everything that lives from the first use on: the connection, the open thread, the questions, the view. */
export class Session implements vscode.Disposable {
  readonly view: ChatView;
  readonly current: CurrentThread;
  readonly questions = new Questions();
  readonly daemon: Daemon;
  private readonly status = new Status();
  private readonly proposed = new ProposedFiles();
  private readonly asked = new Set<string>();
  private missing: string[] | undefined;
  private resuming: Promise<void> | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    output: vscode.LogOutputChannel,
  ) {
    this.daemon = new Daemon(() => this.connect(), output);
    this.current = new CurrentThread(
      (method, params) => this.daemon.request(method, params),
      (thread) => {
        void context.workspaceState.update(LAST_THREAD, thread?.id);
        this.view.send({ type: "thread", thread });
        this.refresh();
      },
    );
    const receive = receiver({
      daemon: this.daemon,
      current: this.current,
      questions: this.questions,
      proposed: this.proposed,
      send: (message) => this.view.send(message),
      greet: () => this.greet(),
      start: () => this.start(),
      folder: () => this.folders[0],
    });
    this.view = new ChatView(vscode.Uri.joinPath(context.extensionUri, "dist"), receive);
    answerThrough(this.daemon, this.questions, () => this.current.thread);
    this.listen();
  }

  /** Finds the daemon, connects, and has the thread that was open. What goes wrong shows in the view. */
  async start(): Promise<void> {
    if (vscode.workspace.isTrusted && this.daemon.state.is !== "running") {
      this.missing = undefined;
      await this.daemon.start();
    }
    await this.resuming;
    this.refresh();
  }

  /** A new turn, or words for the one that runs; in a new thread where none is open. */
  async ask(text: string): Promise<void> {
    await this.start();
    const thread = this.current.thread ?? (await this.current.start(this.folders[0]));
    const input: UserInput[] = [{ type: "text", text, text_elements: [] }];
    const running = runningTurn(thread);
    if (running) await this.daemon.request("turn/steer", { threadId: thread.id, input, expectedTurnId: running.id });
    else await this.daemon.request("turn/start", { threadId: thread.id, input });
  }

  async review(): Promise<void> {
    await this.start();
    await this.view.focus();
    const thread = this.current.thread ?? (await this.current.start(this.folders[0]));
    await this.daemon.request("review/start", { threadId: thread.id, target: { type: "uncommittedChanges" } });
  }

  async interrupt(): Promise<void> {
    const thread = this.current.thread;
    const running = thread && runningTurn(thread);
    if (running) await this.daemon.request("turn/interrupt", { threadId: thread.id, turnId: running.id });
  }

  async restart(): Promise<void> {
    await this.daemon.stop();
    await this.start();
  }

  /** Leaves questions without an answer, so that a window that is loaded again is asked once more. */
  dispose(): void {
    this.daemon.dispose();
    this.status.dispose();
    this.proposed.dispose();
  }

  private get folders(): string[] {
    return (vscode.workspace.workspaceFolders ?? [])
      .filter(({ uri }) => uri.scheme === "file")
      .map(({ uri }) => uri.fsPath);
  }

  get state(): DaemonState {
    if (!vscode.workspace.isTrusted) return { is: "untrusted" };
    return this.missing ? { is: "missing", tried: this.missing } : this.daemon.state;
  }

  private listen(): void {
    const { subscriptions } = this.context;
    this.daemon.onNotification(
      (notification) => {
        this.current.tell(notification);
        this.view.send({ type: "notification", notification });
        this.showStatus();
      },
      undefined,
      subscriptions,
    );
    this.daemon.onState(
      (state) => {
        if (state.is === "running") this.resuming = this.resume();
        else this.questions.withdrawAll(); // whoever is connected next is asked again
        this.refresh();
      },
      undefined,
      subscriptions,
    );
    this.questions.onChange((open) => {
      this.view.send({ type: "questions", questions: open });
      this.prompt(open);
      this.refresh();
    });
    vscode.workspace.onDidGrantWorkspaceTrust(() => void this.start(), undefined, subscriptions);
    vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh(), undefined, subscriptions);
  }

  private async connect() {
    const found = await locate({
      setting: vscode.workspace.getConfiguration("spindled").get("path", ""),
      interpreter: await selectedInterpreter(),
      path: process.env["PATH"] ?? "",
    });
    if ("tried" in found) {
      this.missing = found.tried;
      throw new Missing(found.tried);
    }
    const extra = vscode.workspace.getConfiguration("spindled").get<string[]>("arguments", []);
    return reach({
      executable: found.found,
      arguments: ["lsp", ...extra],
      folder: join(tmpdir(), `spindled-${process.getuid?.() ?? "user"}`),
      identity: JSON.stringify([found.found, extra, this.folders]),
      cwd: this.folders[0],
    });
  }

  /** The thread that was open, here or before the window was loaded again. */
  private async resume(): Promise<void> {
    const threadId = this.current.thread?.id ?? this.context.workspaceState.get<string>(LAST_THREAD);
    if (!threadId) return;
    try {
      await this.current.open(threadId);
    } catch {
      this.current.forget(); // it was deleted, or never had a turn
    }
  }

  private greet(): void {
    this.view.send({ type: "thread", thread: this.current.thread });
    this.view.send({ type: "questions", questions: this.questions.open });
    this.refresh();
    void this.start();
  }

  private refresh(): void {
    this.view.send({ type: "state", daemon: this.state, folders: this.folders });
    this.showStatus();
  }

  private showStatus(): void {
    this.status.update(this.state, this.current.isRunning, this.questions.open.length);
  }

  private prompt(open: Question[]): void {
    const fresh = open.filter(({ key }) => !this.asked.has(key));
    this.asked.clear();
    for (const { key } of open) this.asked.add(key);
    if (this.view.visible) return;
    for (const question of fresh) promptFor(question, this.questions, () => void this.view.focus());
  }
}

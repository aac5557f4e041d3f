import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  State,
  type StreamInfo,
} from "vscode-languageclient/node";
import type { DaemonState } from "../chat/messages";
import {
  NOTIFICATIONS,
  type Notification,
  type Params,
  type QuestionMethod,
  type QuestionParams,
  type QuestionResult,
  type RequestMethod,
  type Result,
} from "../protocol/methods";
import { handleApplyEdit } from "../editor/edits";
import { Backoff } from "./backoff";

export type Connect = () => Promise<Socket>;

/** Raised by requests while there is no daemon. */
export class NotConnected extends Error {
  constructor() {
    super(vscode.l10n.t("The daemon is not connected."));
  }
}

/** What goes wrong is in the log and in the view, not in a notification with a stack trace. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** Our connection to the daemon: made again when it breaks, with a wait that grows. */
export class Daemon implements vscode.Disposable {
  private client: LanguageClient;
  private readonly answers: ((client: LanguageClient) => void)[] = [];
  private readonly backoff = new Backoff();
  private readonly states = new vscode.EventEmitter<DaemonState>();
  private readonly notifications = new vscode.EventEmitter<Notification>();
  private socket: Socket | undefined;
  private stopped = false;
  private current: DaemonState = { is: "starting" };

  readonly onState = this.states.event;
  readonly onNotification = this.notifications.event;

  constructor(
    private readonly connect: Connect,
    private readonly output: vscode.LogOutputChannel,
  ) {
    this.client = this.made();
  }

  get state(): DaemonState {
    return this.current;
  }

  /** Does not raise: what goes wrong is the new state. */
  async start(): Promise<void> {
    this.stopped = false;
    this.enter({ is: "starting" });
    if (this.client.state === State.StartFailed) this.client = this.made(); // that one would not start again
    try {
      await this.client.start();
      this.backoff.reset();
    } catch (error) {
      this.enter({ is: "failed", message: messageOf(error) });
    }
  }

  async request<M extends RequestMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.client.state !== State.Running) throw new NotConnected();
    return this.client.sendRequest<Result<M>>(method, params);
  }

  /** How a question of the daemon is answered. Before `start`. */
  answer<M extends QuestionMethod>(
    method: M,
    handler: (params: QuestionParams<M>, token: vscode.CancellationToken) => Promise<QuestionResult<M>>,
  ): void {
    const untyped = handler as (params: unknown, token: vscode.CancellationToken) => Promise<object>;
    const register = (client: LanguageClient) => void client.onRequest(method, untyped);
    this.answers.push(register);
    register(this.client);
  }

  /** Until the next `start`. */
  async stop(): Promise<void> {
    this.stopped = true;
    try {
      if (this.client.state === State.Running) await this.client.stop();
    } finally {
      this.socket?.destroy();
      this.enter({ is: "starting" });
    }
  }

  dispose(): void {
    void this.stop();
    this.states.dispose();
    this.notifications.dispose();
  }

  private made(): LanguageClient {
    const client = new QuietClient("spindled", "spindled", () => this.open(), this.options());
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) this.enter({ is: "running" });
    });
    for (const method of NOTIFICATIONS) {
      client.onNotification(method, (params: unknown) => this.notifications.fire({ method, params } as Notification));
    }
    for (const register of this.answers) register(client);
    return client;
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      outputChannel: this.output,
      initializationOptions: { spindled: { ui: true, experimentalApi: true } },
      initializationFailedHandler: () => false,
      // Ours are there also before the daemon is (see editor/fixes).
      middleware: { provideCodeActions: () => [], workspace: { handleApplyEdit } },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          if (!this.stopped) void this.lost();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    };
  }

  private async open(): Promise<StreamInfo> {
    this.socket = await this.connect();
    this.backoff.started();
    return { reader: this.socket, writer: this.socket, detached: true };
  }

  /** Starts it again by ourselves, so that what goes wrong then shows as at first. */
  private async lost(): Promise<void> {
    const wait = this.backoff.next();
    this.enter({ is: "lost", retryInSeconds: wait });
    await sleep(wait * 1000);
    if (!this.stopped && this.current.is === "lost") await this.start();
  }

  private enter(state: DaemonState): void {
    this.current = state;
    this.states.fire(state);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

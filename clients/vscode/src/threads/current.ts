import { apply } from "../model/apply";
import { type ThreadModel, runningTurn, threadOf } from "../model/thread";
import type { Notification, Params, RequestMethod, Result } from "../protocol/methods";

/** As many turns as a view needs at first; older ones are asked for when somebody scrolls up. */
const FIRST_TURNS = 20;

export type Request = <M extends RequestMethod>(method: M, params: Params<M>) => Promise<Result<M>>;

/** The thread that the view shows, followed over the connection; told to `listener` when another one takes its place. */
export class CurrentThread {
  private model: ThreadModel | null = null;

  constructor(
    private readonly request: Request,
    private readonly listener: (thread: ThreadModel | null) => void,
  ) {}

  get thread(): ThreadModel | null {
    return this.model;
  }

  get isRunning(): boolean {
    return this.model !== null && runningTurn(this.model) !== undefined;
  }

  async start(cwd: string | undefined): Promise<ThreadModel> {
    const answer = await this.request("thread/start", { cwd: cwd ?? null });
    return this.show(threadOf(answer.thread, answer, null));
  }

  async open(threadId: string): Promise<ThreadModel> {
    return this.take(async () => {
      const answer = await this.request("thread/resume", {
        threadId,
        excludeTurns: true,
        initialTurnsPage: { limit: FIRST_TURNS, sortDirection: "desc", itemsView: "full" },
      });
      const page = answer.initialTurnsPage;
      const turns = [...(page?.data ?? answer.thread.turns)].reverse();
      return threadOf({ ...answer.thread, turns }, answer, page?.nextCursor ?? null);
    });
  }

  async fork(threadId: string): Promise<ThreadModel> {
    return this.take(async () => {
      const answer = await this.request("thread/fork", { threadId });
      return threadOf(answer.thread, answer, null);
    });
  }

  /** After the connection was made again: the same thread, as it is now. */
  async again(): Promise<void> {
    if (this.model) await this.open(this.model.id);
  }

  async close(): Promise<void> {
    const left = this.model;
    this.show(null);
    if (left) await this.request("thread/unsubscribe", { threadId: left.id });
  }

  /** As `close`, for a thread that the daemon does not have. */
  forget(): void {
    this.show(null);
  }

  tell(notification: Notification): void {
    if (this.model) apply(this.model, notification);
  }

  private async take(load: () => Promise<ThreadModel>): Promise<ThreadModel> {
    const left = this.model?.id;
    // The answer holds all that was told before it, and it is shown before the next message is read: nothing is
    // applied twice, nothing is lost.
    const model = this.show(await load());
    if (left && left !== model.id) void this.request("thread/unsubscribe", { threadId: left }).catch(() => undefined);
    return model;
  }

  private show<T extends ThreadModel | null>(model: T): T {
    this.model = model;
    this.listener(model);
    return model;
  }
}

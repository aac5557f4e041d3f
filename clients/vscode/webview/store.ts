import { type Signal, batch, signal } from "@preact/signals";
import type { Question } from "../src/approvals/questions";
import type { DaemonState, ToView } from "../src/chat/messages";
import { type Change, apply } from "../src/model/apply";
import { type ThreadModel, type TurnModel, runningTurn, turnOf } from "../src/model/thread";
import type { Notification } from "../src/protocol/methods";
import type { Turn } from "../src/protocol/types";

/**
 * What the view shows. The thread is kept in place by `apply`; a signal for each part counts its changes, so that a
 * delta draws one item and not the thread. A component that reads a part here is drawn again when that part changes,
 * and else only when its properties do.
 */
export class Store {
  readonly daemon = signal<DaemonState>({ is: "starting" });
  readonly folders = signal<string[]>([]);
  readonly questions = signal<Question[]>([]);
  readonly threadId = signal<string | null>(null);
  readonly running = signal<string | null>(null);

  private model: ThreadModel | null = null;
  /** Of what is said of the thread. */
  private readonly facts = signal(0);
  /** Of which turns there are. */
  private readonly list = signal(0);
  private readonly parts = new Map<string, Signal<number>>();
  private readonly pending: Notification[] = [];
  private frame = 0;

  /** What is said of the thread; not its turns. */
  get thread(): Omit<ThreadModel, "turns"> | null {
    this.facts.value;
    return this.model;
  }

  /** Undefined without a thread. */
  get turns(): TurnModel[] | undefined {
    this.list.value;
    return this.model?.turns;
  }

  /** Reads a turn or an item, by its id. */
  watch(id: string): void {
    let part = this.parts.get(id);
    if (!part) this.parts.set(id, (part = signal(0)));
    part.value;
  }

  receive(message: ToView): void {
    switch (message.type) {
      case "state":
        this.daemon.value = message.daemon;
        this.folders.value = message.folders;
        break;
      case "thread":
        this.show(message.thread);
        break;
      case "notification":
        this.pending.push(message.notification);
        this.frame ||= requestAnimationFrame(() => this.flush());
        break;
      case "questions":
        this.questions.value = message.questions;
        break;
    }
  }

  /** Turns from before the first one here. */
  prepend(threadId: string, turns: Turn[], olderCursor: string | null): void {
    if (this.model?.id !== threadId) return;
    this.model.turns.unshift(...turns.map(turnOf));
    this.model.olderCursor = olderCursor;
    this.tell({ thread: true, turns: true });
  }

  private show(thread: ThreadModel | null): void {
    this.pending.length = 0;
    this.parts.clear();
    batch(() => {
      this.model = thread;
      this.threadId.value = thread?.id ?? null;
      this.settleRunning();
      this.tell({ thread: true, turns: true });
    });
  }

  /** All that came since the last frame, drawn once. */
  private flush(): void {
    this.frame = 0;
    const thread = this.model;
    batch(() => {
      for (const notification of this.pending.splice(0)) {
        const change = thread && apply(thread, notification);
        if (change) this.tell(change);
      }
      this.settleRunning();
    });
  }

  private tell({ thread, turns, turn, items = [] }: Change): void {
    batch(() => {
      if (thread) this.facts.value += 1;
      if (turns) this.list.value += 1;
      for (const id of turn ? [turn, ...items] : items) {
        const part = this.parts.get(id); // none: nobody draws it
        if (part) part.value += 1;
      }
    });
  }

  private settleRunning(): void {
    this.running.value = (this.model && runningTurn(this.model)?.id) ?? null;
  }
}

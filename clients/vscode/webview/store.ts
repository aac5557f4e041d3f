import { type Signal, batch, signal } from "@preact/signals";
import type { Question } from "../src/approvals/questions";
import type { DaemonState, ToView } from "../src/chat/messages";
import { apply } from "../src/model/apply";
import { type ItemModel, type ThreadModel, runningTurn, turnOf } from "../src/model/thread";
import type { Notification } from "../src/protocol/methods";
import type { Turn } from "../src/protocol/types";

/**
 * What the view shows. The thread is kept in place by `apply`; a signal for each part counts its changes, so that a
 * delta draws one item and not the thread.
 */
export class Store {
  readonly daemon = signal<DaemonState>({ is: "starting" });
  readonly folders = signal<string[]>([]);
  readonly questions = signal<Question[]>([]);
  readonly threadId = signal<string | null>(null);
  /** Counts changes of the thread that are not within one item. */
  readonly changes = signal(0);
  readonly running = signal<string | null>(null);

  private model: ThreadModel | null = null;
  private readonly versions = new Map<string, Signal<number>>();
  private readonly pending: Notification[] = [];
  private frame = 0;

  get thread(): ThreadModel | null {
    this.changes.value;
    return this.model;
  }

  /** Reading it in a component draws that component again when the item changes. */
  watch(entry: ItemModel): ItemModel {
    this.version(entry.item.id).value;
    return entry;
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
    this.changes.value += 1;
  }

  private show(thread: ThreadModel | null): void {
    this.pending.length = 0;
    this.versions.clear();
    batch(() => {
      this.model = thread;
      this.threadId.value = thread?.id ?? null;
      this.settleRunning();
      this.changes.value += 1;
    });
  }

  /** All that came since the last frame, drawn once. */
  private flush(): void {
    this.frame = 0;
    const thread = this.model;
    batch(() => {
      for (const notification of this.pending.splice(0)) {
        const change = thread && apply(thread, notification);
        if (typeof change === "object" && change !== null) this.touch(change.itemId);
        else if (change) this.changes.value += 1;
      }
      this.settleRunning();
    });
  }

  private touch(itemId: string): void {
    const version = this.versions.get(itemId);
    if (version) version.value += 1;
    else this.changes.value += 1; // an item that nobody shows yet
  }

  private version(itemId: string): Signal<number> {
    let version = this.versions.get(itemId);
    if (!version) this.versions.set(itemId, (version = signal(0)));
    return version;
  }

  private settleRunning(): void {
    this.running.value = (this.model && runningTurn(this.model)?.id) ?? null;
  }
}

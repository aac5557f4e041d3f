import type {
  CommandExecutionRequestApprovalParams,
  FileChangeRequestApprovalParams,
  FileUpdateChange,
  ToolRequestUserInputParams,
  ToolRequestUserInputResponse,
} from "../protocol/types";

export type Question = { key: string; threadId: string; turnId: string; itemId: string } & (
  | { kind: "command"; params: CommandExecutionRequestApprovalParams }
  | { kind: "changes"; params: FileChangeRequestApprovalParams; changes: FileUpdateChange[] }
  | { kind: "input"; params: ToolRequestUserInputParams }
);

export type Decision = "accept" | "acceptForSession" | "decline" | "cancel";

/** `acceptedPaths`: of a patch that is accepted in part. */
export type Answer = { decision: Decision; acceptedPaths?: string[] } | ToolRequestUserInputResponse;

type Listener = (open: Question[]) => void;

interface Waiting {
  question: Question;
  settle(answer: Answer | undefined): void;
}

/**
 * The questions that wait for somebody. Whoever answers first, in the view or in a notification, has answered; a
 * question that ends otherwise (another client answered, the turn ended) goes away without an answer of ours.
 */
export class Questions {
  private readonly waiting = new Map<string, Waiting>();
  private readonly listeners = new Set<Listener>();

  /** Undefined if it was settled elsewhere. */
  ask(question: Question): Promise<Answer | undefined> {
    this.waiting.get(question.key)?.settle(undefined);
    return new Promise((resolve) => {
      const settle = (answer: Answer | undefined) => {
        if (this.waiting.get(question.key)?.settle === settle) this.waiting.delete(question.key);
        resolve(answer);
        this.tell();
      };
      this.waiting.set(question.key, { question, settle });
      this.tell();
    });
  }

  /** False if nobody waits for it (any more). */
  answer(key: string, answer: Answer): boolean {
    const waiting = this.waiting.get(key);
    waiting?.settle(answer);
    return waiting !== undefined;
  }

  withdraw(key: string): void {
    this.waiting.get(key)?.settle(undefined);
  }

  withdrawAll(): void {
    for (const key of [...this.waiting.keys()]) this.withdraw(key);
  }

  get open(): Question[] {
    return [...this.waiting.values()].map((each) => each.question);
  }

  /** Returns what ends the listening. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(): void {
    const open = this.open;
    for (const listener of this.listeners) listener(open);
  }
}

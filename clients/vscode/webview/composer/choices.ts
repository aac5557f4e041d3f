import { signal } from "@preact/signals";
import type { AskForApproval, Model, ReasoningEffort } from "../../src/protocol/types";

/** What the next turn is started with; null: as the thread has it. */
export const chosen = {
  model: signal<string | null>(null),
  effort: signal<ReasoningEffort | null>(null),
  approval: signal<AskForApproval | null>(null),
};

export const models = signal<Model[]>([]);

export const APPROVALS = ["untrusted", "on-request", "never"] as const;

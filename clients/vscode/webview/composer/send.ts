import type { UserInput } from "../../src/protocol/types";
import type { View } from "../context";
import { chosen } from "./choices";

export interface Draft {
  text: string;
  images: string[];
}

/** Starts a turn, or steers the one that runs. A thread is made first where there is none. Raises what was refused. */
export async function send({ host, store }: View, draft: Draft): Promise<void> {
  const input = inputOf(draft);
  const running = store.running.value;
  const threadId = store.threadId.value ?? (await newThread({ host, store }));
  if (running) {
    await host.call("turn/steer", { threadId, input, expectedTurnId: running });
    return;
  }
  await host.call("turn/start", {
    threadId,
    input,
    model: chosen.model.value,
    effort: chosen.effort.value,
    approvalPolicy: chosen.approval.value,
  });
}

function newThread({ host, store }: Pick<View, "host" | "store">): Promise<string> {
  return new Promise((resolve) => {
    const stop = store.threadId.subscribe((threadId) => {
      if (!threadId) return;
      queueMicrotask(() => stop());
      resolve(threadId);
    });
    host.send({ type: "newThread" });
  });
}

export function inputOf({ text, images }: Draft): UserInput[] {
  const parts: UserInput[] = images.map((url) => ({ type: "image", url }));
  return text.trim() ? [{ type: "text", text: text.trim(), text_elements: [] }, ...parts] : parts;
}

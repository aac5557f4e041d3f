import * as l10n from "@vscode/l10n";
import type { View } from "../context";

export interface Command {
  name: string;
  about: string;
  run(view: View): Promise<unknown> | void;
}

/** What can be typed after a slash. */
export function commands(): Command[] {
  return [
    { name: "new", about: l10n.t("Start a new thread"), run: ({ host }) => host.send({ type: "closeThread" }) },
    {
      name: "compact",
      about: l10n.t("Summarise earlier turns to make room"),
      run: ({ host, store }) =>
        inThread(store.threadId.value, (threadId) => host.call("thread/compact/start", { threadId })),
    },
    {
      name: "review",
      about: l10n.t("Review the uncommitted changes"),
      run: ({ host, store }) =>
        inThread(store.threadId.value, (threadId) =>
          host.call("review/start", { threadId, target: { type: "uncommittedChanges" } }),
        ),
    },
    {
      name: "fork",
      about: l10n.t("Go on in a copy of this thread"),
      run: ({ host, store }) =>
        inThread(store.threadId.value, async (threadId) => host.send({ type: "forkThread", threadId })),
    },
  ];
}

async function inThread(threadId: string | null, action: (threadId: string) => Promise<unknown>): Promise<void> {
  if (!threadId) throw new Error(l10n.t("There is no thread yet."));
  await action(threadId);
}

import { t } from "@vscode/l10n";
import type { View } from "../context";

export interface Command {
  name: string;
  about: string;
  run(view: View): Promise<unknown> | void;
}

/** What can be typed after a slash. */
export function commands(): Command[] {
  return [
    { name: "new", about: t("Start a new thread"), run: ({ host }) => host.send({ type: "closeThread" }) },
    {
      name: "compact",
      about: t("Summarise earlier turns to make room"),
      run: ({ host, store }) =>
        inThread(store.threadId.value, (threadId) => host.call("thread/compact/start", { threadId })),
    },
    {
      name: "review",
      about: t("Review the uncommitted changes"),
      run: ({ host, store }) =>
        inThread(store.threadId.value, (threadId) =>
          host.call("review/start", { threadId, target: { type: "uncommittedChanges" } }),
        ),
    },
    {
      name: "fork",
      about: t("Go on in a copy of this thread"),
      run: ({ host, store }) =>
        inThread(store.threadId.value, async (threadId) => host.send({ type: "forkThread", threadId })),
    },
  ];
}

async function inThread(threadId: string | null, action: (threadId: string) => Promise<unknown>): Promise<void> {
  if (!threadId) throw new Error(t("There is no thread yet."));
  await action(threadId);
}

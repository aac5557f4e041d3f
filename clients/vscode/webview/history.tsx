import * as l10n from "@vscode/l10n";
import { useEffect, useState } from "preact/hooks";
import { titleOf } from "../src/model/thread";
import type { Thread } from "../src/protocol/types";
import { useView } from "./context";

const PAGE = 50;

/** The threads of this folder and others: search, open, rename, fork, archive. */
export function History({ onClose }: { onClose(): void }) {
  const { host, store } = useView();
  const [term, setTerm] = useState("");
  const [archived, setArchived] = useState(false);
  const [here, setHere] = useState(true);
  const [threads, setThreads] = useState<Thread[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const folders = store.folders.value;

  const load = async (from: string | null) => {
    try {
      const page = await host.call("thread/list", {
        cursor: from,
        limit: PAGE,
        sortKey: "updated_at",
        archived,
        searchTerm: term || null,
        cwd: here && folders.length ? folders : null,
      });
      setThreads((before) => (from ? [...before, ...page.data] : page.data));
      setCursor(page.nextCursor);
      setError(null);
    } catch (reason) {
      setError((reason as Error).message);
    }
  };
  useEffect(() => void load(null), [term, archived, here]);

  const change = async (action: Promise<unknown>) => {
    try {
      await action;
      await load(null);
    } catch (reason) {
      setError((reason as Error).message);
    }
  };
  const open = (threadId: string) => {
    host.send({ type: "openThread", threadId });
    onClose();
  };

  return (
    <section class="history" aria-label={l10n.t("Threads")}>
      <input
        type="search"
        placeholder={l10n.t("Search threads")}
        aria-label={l10n.t("Search threads")}
        value={term}
        onInput={(event) => setTerm(event.currentTarget.value)}
      />
      <label>
        <input type="checkbox" checked={here} onChange={() => setHere(!here)} />
        {l10n.t("This workspace only")}
      </label>
      <label>
        <input type="checkbox" checked={archived} onChange={() => setArchived(!archived)} />
        {l10n.t("Archived")}
      </label>
      {error && <p role="alert">{error}</p>}
      <ul>
        {threads.map((thread) => (
          <Entry
            key={thread.id}
            thread={thread}
            archived={archived}
            onOpen={() => open(thread.id)}
            onRename={(name) => change(host.call("thread/name/set", { threadId: thread.id, name }))}
            onArchive={() =>
              change(host.call(archived ? "thread/unarchive" : "thread/archive", { threadId: thread.id }))
            }
            onFork={() => {
              host.send({ type: "forkThread", threadId: thread.id });
              onClose();
            }}
          />
        ))}
      </ul>
      {cursor && <button onClick={() => void load(cursor)}>{l10n.t("More")}</button>}
      {!threads.length && !error && <p class="hint">{l10n.t("No threads.")}</p>}
    </section>
  );
}

interface EntryProps {
  thread: Thread;
  archived: boolean;
  onOpen(): void;
  onRename(name: string): void;
  onArchive(): void;
  onFork(): void;
}

function Entry({ thread, archived, onOpen, onRename, onArchive, onFork }: EntryProps) {
  const [renaming, setRenaming] = useState(false);
  const title = titleOf(thread) || l10n.t("Without a title");
  if (renaming) {
    const done = (event: KeyboardEvent & { currentTarget: HTMLInputElement }) => {
      if (event.key === "Enter") onRename(event.currentTarget.value.trim());
      if (event.key === "Enter" || event.key === "Escape") setRenaming(false);
    };
    return (
      <li>
        <input autofocus aria-label={l10n.t("New name")} defaultValue={title} onKeyDown={done} />
      </li>
    );
  }
  return (
    <li>
      <button class="link title" onClick={onOpen} disabled={archived}>
        {title}
      </button>
      <time dateTime={new Date(thread.updatedAt * 1000).toISOString()}>
        {new Date(thread.updatedAt * 1000).toLocaleString()}
      </time>
      <span class="buttons">
        <button onClick={() => setRenaming(true)}>{l10n.t("Rename")}</button>
        <button onClick={onFork} disabled={archived}>
          {l10n.t("Fork")}
        </button>
        <button onClick={onArchive}>{archived ? l10n.t("Restore") : l10n.t("Archive")}</button>
      </span>
    </li>
  );
}

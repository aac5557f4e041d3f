import * as l10n from "@vscode/l10n";
import type { FileUpdateChange, ItemOf } from "../../src/protocol/types";
import { useView } from "../context";

export function Changes({ item, turnId }: { item: ItemOf<"fileChange">; turnId: string }) {
  const { host } = useView();
  const words = {
    inProgress: l10n.t("to be applied"),
    completed: l10n.t("applied"),
    failed: l10n.t("failed"),
    declined: l10n.t("declined"),
  };
  return (
    <section class={`changes ${item.status}`}>
      <header>
        {l10n.t("Changes to {0} file(s)", item.changes.length)} <span class="outcome">{words[item.status]}</span>
        <button onClick={() => host.send({ type: "reviewChanges", turnId, itemId: item.id })}>
          {l10n.t("Show diff")}
        </button>
      </header>
      <ul>
        {item.changes.map((change) => (
          <Change change={change} />
        ))}
      </ul>
    </section>
  );
}

function Change({ change }: { change: FileUpdateChange }) {
  const { host, store } = useView();
  const { added, removed } = countOf(change);
  return (
    <li>
      <button class="link" onClick={() => host.send({ type: "openFile", path: change.path })}>
        {withoutFolder(change.path, store.thread?.cwd)}
      </button>{" "}
      <span class="added">+{added}</span> <span class="removed">-{removed}</span>
    </li>
  );
}

export function withoutFolder(path: string, folder: string | undefined): string {
  return folder && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

/** Lines that come and go. The diff of a new or deleted file is its content. */
export function countOf({ kind, diff }: FileUpdateChange): { added: number; removed: number } {
  const lines = diff.replace(/\n$/, "").split("\n");
  if (kind.type === "add") return { added: diff ? lines.length : 0, removed: 0 };
  if (kind.type === "delete") return { added: 0, removed: diff ? lines.length : 0 };
  const body = lines.slice(
    Math.max(
      0,
      lines.findIndex((line) => line.startsWith("@@")),
    ),
  );
  return {
    added: body.filter((line) => line.startsWith("+")).length,
    removed: body.filter((line) => line.startsWith("-")).length,
  };
}

import * as l10n from "@vscode/l10n";
import { useState } from "preact/hooks";
import type { Answer, Decision, Question } from "../src/approvals/questions";
import type { FileUpdateChange } from "../src/protocol/types";
import { useView } from "./context";
import { Decisions, Fact } from "./decisions";
import { countOf, withoutFolder } from "./items/changes";

interface Props {
  question: Extract<Question, { kind: "changes" }>;
  onAnswer(answer: Answer): void;
}

/** A patch that waits for a yes: to all of it or, where the daemon can do that, to some of its files. */
export function ChangesAsked({ question, onAnswer }: Props) {
  const { host } = useView();
  const { turnId, itemId, changes, params } = question;
  const files = filesOf(changes, params.availablePaths ?? []);
  const [declined, setDeclined] = useState<ReadonlySet<string>>(new Set());
  const accepted = files.filter(({ path }) => !declined.has(path)).map(({ path }) => path);
  const divisible = (params.availablePaths?.length ?? 0) > 1;
  const whole = accepted.length === files.length;
  const decide = (decision: Decision) => {
    const yes = decision === "accept" || decision === "acceptForSession";
    onAnswer(yes && !whole ? { decision, acceptedPaths: accepted } : { decision });
  };
  const toggle = (path: string) => {
    const next = new Set(declined);
    if (!next.delete(path)) next.add(path);
    setDeclined(next);
  };
  return (
    <>
      <fieldset class="files">
        <legend>{l10n.t("Change these files?")}</legend>
        <ul>
          {files.map((file) => (
            <li key={file.path}>
              <File file={file} accepted={!declined.has(file.path)} onToggle={divisible ? toggle : undefined} />
              {divisible && (
                <button
                  aria-label={l10n.t("Open diff of {0}", file.path)}
                  onClick={() => host.send({ type: "reviewChanges", turnId, itemId, path: file.path })}
                >
                  {l10n.t("Open diff")}
                </button>
              )}
            </li>
          ))}
        </ul>
      </fieldset>
      <dl>{params.reason && <Fact name={l10n.t("because")} value={params.reason} />}</dl>
      <button onClick={() => host.send({ type: "reviewChanges", turnId, itemId })}>{l10n.t("Show diff")}</button>
      <Decisions
        approve={whole ? l10n.t("Approve") : l10n.t("Approve {0} of {1}", accepted.length, files.length)}
        session={
          whole
            ? l10n.t("Approve all for this session")
            : l10n.t("Approve {0} of {1} for this session", accepted.length, files.length)
        }
        possible={whole || accepted.length > 0}
        onDecide={decide}
      />
    </>
  );
}

interface FileProps {
  file: PatchedFile;
  accepted: boolean;
  /** Absent where it cannot be left out. */
  onToggle?: ((path: string) => void) | undefined;
}

function File({ file, accepted, onToggle }: FileProps) {
  const { store } = useView();
  const folder = store.thread?.cwd;
  const name = (
    <>
      {withoutFolder(file.path, folder)}
      {file.movedTo && ` → ${withoutFolder(file.movedTo, folder)}`} <span class="added">+{file.added}</span>{" "}
      <span class="removed">-{file.removed}</span>
    </>
  );
  if (!onToggle) return <span>{name}</span>;
  return (
    <label>
      <input type="checkbox" checked={accepted} onChange={() => onToggle(file.path)} /> {name}
    </label>
  );
}

interface PatchedFile {
  path: string;
  movedTo: string | null;
  added: number;
  removed: number;
}

/** One for each path, also for those that are offered and not known otherwise. */
export function filesOf(changes: FileUpdateChange[], offered: string[]): PatchedFile[] {
  const files = new Map<string, PatchedFile>();
  for (const path of offered) files.set(path, { path, movedTo: null, added: 0, removed: 0 });
  for (const change of changes) {
    const { added, removed } = countOf(change);
    const before = files.get(change.path) ?? { path: change.path, movedTo: null, added: 0, removed: 0 };
    const movedTo = change.kind.type === "update" ? change.kind.move_path : null;
    files.set(change.path, {
      path: change.path,
      movedTo: movedTo ?? before.movedTo,
      added: before.added + added,
      removed: before.removed + removed,
    });
  }
  return [...files.values()];
}

import * as l10n from "@vscode/l10n";
import { useMemo, useState } from "preact/hooks";
import type { ItemOf } from "../../src/protocol/types";
import { spansOf } from "../ansi";

/** As much as is drawn of an output unless somebody asks for all. */
const TAIL_CHARACTERS = 8_000;

export function Command({ item, done }: { item: ItemOf<"commandExecution">; done: boolean }) {
  const output = item.aggregatedOutput ?? "";
  const [open, setOpen] = useState<boolean | null>(null);
  const shown = open ?? !done;
  const toggle = (event: Event) => {
    event.preventDefault();
    setOpen(!shown);
  };
  return (
    <details class={`command ${item.status}`} open={shown}>
      <summary onClick={toggle}>
        <code class="command-line">{shortOf(item)}</code> <Outcome item={item} done={done} />
      </summary>
      <p class="cwd">{item.cwd}</p>
      {shown && output && <Output output={output} />}
    </details>
  );
}

/** As somebody would type it, without the shell around it where the daemon has taken it apart. */
function shortOf({ command, commandActions }: ItemOf<"commandExecution">): string {
  const [only, ...more] = commandActions;
  return only && !more.length ? only.command : command;
}

function Outcome({ item, done }: { item: ItemOf<"commandExecution">; done: boolean }) {
  if (!done) return <span class="outcome">{l10n.t("running")}</span>;
  if (item.status === "declined") return <span class="outcome">{l10n.t("declined")}</span>;
  const seconds = item.durationMs === null ? null : l10n.t("{0} s", (item.durationMs / 1000).toFixed(1));
  const code = item.exitCode
    ? l10n.t("exit code {0}", item.exitCode)
    : item.status === "failed"
      ? l10n.t("failed")
      : l10n.t("done");
  return (
    <span class="outcome">
      {code} {seconds}
    </span>
  );
}

export function Output({ output }: { output: string }) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && output.length > TAIL_CHARACTERS;
  const text = cut ? output.slice(output.indexOf("\n", output.length - TAIL_CHARACTERS) + 1) : output;
  const spans = useMemo(() => spansOf(text), [text]);
  return (
    <pre class="output" tabIndex={0}>
      {cut && (
        <button class="link" onClick={() => setWhole(true)}>
          {l10n.t("Show all {0} characters", output.length)}
        </button>
      )}
      {spans.map((span) => (
        <span class={span.classes} style={{ color: span.color, backgroundColor: span.background }}>
          {span.text}
        </span>
      ))}
    </pre>
  );
}

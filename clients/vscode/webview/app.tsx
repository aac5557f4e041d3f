import * as l10n from "@vscode/l10n";
import { useState } from "preact/hooks";
import { titleOf } from "../src/model/thread";
import { Composer } from "./composer/composer";
import { useView } from "./context";
import { History } from "./history";
import { Questions } from "./questions";
import { State } from "./state";
import { Transcript } from "./transcript";

export function App() {
  const { store } = useView();
  const [history, setHistory] = useState(false);
  return (
    <main class="app">
      <Header history={history} onHistory={() => setHistory(!history)} />
      <State />
      {history ? <History onClose={() => setHistory(false)} /> : <Transcript key={store.threadId.value} />}
      <Questions />
      <Composer />
      <div class="announcer" role="status" aria-live="polite" />
    </main>
  );
}

function Header({ history, onHistory }: { history: boolean; onHistory(): void }) {
  const { host, store } = useView();
  const thread = store.thread;
  return (
    <header class="header">
      <h1 class="title">{thread ? titleOf(thread) || l10n.t("New thread") : l10n.t("New thread")}</h1>
      <button aria-expanded={history} onClick={onHistory}>
        {l10n.t("Threads")}
      </button>
      <button onClick={() => host.send({ type: "closeThread" })} disabled={!thread}>
        {l10n.t("New")}
      </button>
    </header>
  );
}

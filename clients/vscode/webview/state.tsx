import * as l10n from "@vscode/l10n";
import { useView } from "./context";

/** Says why nothing works, and what to do about it. Nothing while all is well. */
export function State() {
  const { host, store } = useView();
  const state = store.daemon.value;
  const start = <button onClick={() => host.send({ type: "start" })}>{l10n.t("Try again")}</button>;
  switch (state.is) {
    case "running":
      return null;
    case "starting":
      return <p class="banner">{l10n.t("Starting the daemon ...")}</p>;
    case "lost":
      return <p class="banner warning">{l10n.t("The daemon has gone. It is started again.")}</p>;
    case "untrusted":
      return <p class="banner warning">{l10n.t("The agent runs commands, so it works in trusted workspaces only.")}</p>;
    case "failed":
      return (
        <p class="banner error" role="alert">
          {state.message} {start}
        </p>
      );
    case "missing":
      return (
        <div class="banner error" role="alert">
          <p>{l10n.t("spindled is not installed. Install it into the selected Python environment:")}</p>
          <pre>pip install spindled</pre>
          <p>{l10n.t("or say where it is with the setting spindled.path.")}</p>
          {start}
        </div>
      );
  }
}

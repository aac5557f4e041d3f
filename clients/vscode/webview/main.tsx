import * as l10n from "@vscode/l10n";
import { render } from "preact";
import { App } from "./app";
import { ViewContext } from "./context";
import { Host } from "./host";
import { Store } from "./store";
import "./style.css";

const root = document.getElementById("app")!;
l10n.config({ contents: root.dataset["strings"] ?? "{}" });
const store = new Store();
const host = new Host((message) => {
  if (message.type === "mention") {
    window.dispatchEvent(new CustomEvent("mention", { detail: message.text }));
  } else if (message.type === "focus") {
    document.querySelector<HTMLElement>("textarea")?.focus();
  } else {
    store.receive(message);
  }
});

function announce(text: string): void {
  const live = document.querySelector(".announcer");
  if (live) live.textContent = text;
}

render(
  <ViewContext.Provider value={{ host, store, announce }}>
    <App />
  </ViewContext.Provider>,
  root,
);
host.send({ type: "ready" });

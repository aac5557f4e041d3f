import * as l10n from "@vscode/l10n";
import { useEffect, useRef, useState } from "preact/hooks";
import { useView } from "../context";
import { type Command, commands } from "./commands";
import { completingAt, replaced } from "./completion";
import { Grants } from "./grants";
import { imagesOf } from "./images";
import { Meter } from "./meter";
import { Pickers } from "./pickers";
import { send } from "./send";
import { Suggestions, type Suggestion, useSuggestions } from "./suggestions";

export function Composer() {
  const view = useView();
  const { host, store } = view;
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(host.draft);
  const [caret, setCaret] = useState(0);
  const [images, setImages] = useState<string[]>([]);
  const [error, setError] = useState<string | null>(null);
  const completing = completingAt(text, caret);
  const { suggestions, chosen, move } = useSuggestions(completing);
  const turnId = store.running.value;
  const ready = store.daemon.value.is === "running";

  useEffect(() => {
    host.draft = text;
    fit(area.current);
  }, [text]);
  useEffect(() => {
    const mention = (event: Event) => {
      setText(
        (before) => `${before}${before && !before.endsWith(" ") ? " " : ""}${(event as CustomEvent<string>).detail} `,
      );
      area.current?.focus();
    };
    window.addEventListener("mention", mention);
    return () => window.removeEventListener("mention", mention);
  }, []);

  const attempt = async (action: () => unknown) => {
    setError(null);
    try {
      await action();
    } catch (reason) {
      setError((reason as Error).message);
    }
  };
  const submit = () =>
    attempt(async () => {
      if (!ready || (!text.trim() && !images.length)) return;
      const command = slashed(text);
      if (command) await command.run(view);
      else await send(view, { text, images });
      setText("");
      setImages([]);
    });
  const interrupt = () => {
    const threadId = store.threadId.value;
    if (threadId && turnId) void attempt(() => host.call("turn/interrupt", { threadId, turnId }));
  };
  const take = (suggestion: Suggestion | undefined) => {
    if (!suggestion || !completing) return;
    const next = replaced(text, completing, suggestion.insert);
    setText(next.text);
    setCaret(next.caret);
    requestAnimationFrame(() => area.current?.setSelectionRange(next.caret, next.caret));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const open = suggestions.length > 0;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) move(event.key === "ArrowDown" ? 1 : -1);
    else if (open && (event.key === "Tab" || event.key === "Enter")) take(suggestions[chosen]);
    else if (event.key === "Enter" && !event.shiftKey) void submit();
    else if (event.key === "Escape" && turnId) interrupt();
    else return;
    event.preventDefault();
  };

  return (
    <section class="composer">
      {error && (
        <p class="notice error" role="alert">
          {error}
        </p>
      )}
      <Suggestions suggestions={suggestions} chosen={chosen} onTake={take} />
      {images.length > 0 && (
        <p class="images">
          {images.map((url, index) => (
            <button
              title={l10n.t("Remove this image")}
              onClick={() => setImages(images.filter((_, at) => at !== index))}
            >
              <img src={url} alt={l10n.t("Pasted image {0}", index + 1)} />
            </button>
          ))}
        </p>
      )}
      <textarea
        ref={area}
        rows={1}
        value={text}
        aria-label={turnId ? l10n.t("Steer the agent") : l10n.t("Message to the agent")}
        aria-controls={suggestions.length ? "suggestions" : undefined}
        aria-activedescendant={suggestions.length ? `suggestion-${chosen}` : undefined}
        placeholder={
          turnId ? l10n.t("Say something to steer it ...") : l10n.t("Ask, or @ a file or a symbol, or / for commands")
        }
        onInput={(event) => {
          setText(event.currentTarget.value);
          setCaret(event.currentTarget.selectionStart);
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
        onKeyDown={onKeyDown}
        onPaste={(event) =>
          void imagesOf(event.clipboardData).then((urls) => setImages((before) => [...before, ...urls]))
        }
      />
      <div class="bar">
        <Pickers />
        <Grants />
        <Meter />
        <span class="buttons">
          {turnId && <button onClick={interrupt}>{l10n.t("Stop")}</button>}
          <button class="primary" onClick={submit} disabled={!ready}>
            {turnId ? l10n.t("Steer") : l10n.t("Send")}
          </button>
        </span>
      </div>
    </section>
  );
}

function slashed(text: string): Command | undefined {
  const [, name] = /^\/(\w+)\s*$/.exec(text) ?? [];
  return commands().find((command) => command.name === name);
}

function fit(area: HTMLTextAreaElement | null): void {
  if (!area) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

import * as l10n from "@vscode/l10n";
import { useView } from "../context";

/** Tokens that every conversation has, before anybody says something; as the protocol's clients count them. */
const BASELINE = 12_000;

/** How much of the model's context is left, and what the thread has used. */
export function Meter() {
  const { store } = useView();
  const thread = store.thread;
  if (!thread?.usage) return null;
  const { usage, cost } = thread;
  const { total, last, modelContextWindow } = usage;
  const left = modelContextWindow === null ? null : contextLeft(last.totalTokens, modelContextWindow);
  const details = l10n.t(
    "{0} tokens in, {1} of them cached, {2} out",
    total.inputTokens,
    total.cachedInputTokens,
    total.outputTokens,
  );
  return (
    <p class="meter" title={details}>
      {left !== null && (
        <>
          <meter min={0} max={100} low={20} value={left} aria-label={l10n.t("Context left")} />{" "}
          {l10n.t("{0} % of context left", left)}
        </>
      )}
      {cost !== null && <span class="cost"> ${cost.toFixed(cost < 1 ? 4 : 2)}</span>}
    </p>
  );
}

/** Per cent. */
export function contextLeft(tokens: number, window: number): number {
  if (window <= BASELINE) return 0;
  const used = Math.max(0, tokens - BASELINE);
  return Math.round(100 * Math.max(0, 1 - used / (window - BASELINE)));
}

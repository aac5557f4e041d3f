import * as l10n from "@vscode/l10n";
import type { ItemOf } from "../../src/protocol/types";

export function ToolCall({ item }: { item: ItemOf<"mcpToolCall" | "dynamicToolCall"> }) {
  const words = { inProgress: l10n.t("running"), completed: l10n.t("done"), failed: l10n.t("failed") };
  const name = item.type === "mcpToolCall" ? `${item.server}: ${item.tool}` : item.tool;
  return (
    <details class={`tool ${item.status}`}>
      <summary>
        <code>{name}</code> <span class="outcome">{words[item.status]}</span>
      </summary>
      <pre class="output">{JSON.stringify(item.arguments, null, 2)}</pre>
      <pre class="output">{resultOf(item)}</pre>
    </details>
  );
}

function resultOf(item: ItemOf<"mcpToolCall" | "dynamicToolCall">): string {
  if (item.type === "dynamicToolCall") {
    return (item.contentItems ?? [])
      .map((each) => (each.type === "inputText" ? each.text : `[${each.type}]`))
      .join("\n");
  }
  if (item.error) return item.error.message;
  const parts = (item.result?.content ?? []) as { type: string; text?: string }[];
  return parts.map((each) => each.text ?? `[${each.type}]`).join("\n");
}

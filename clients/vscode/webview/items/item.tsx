import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { ItemModel, TurnModel } from "../../src/model/thread";
import type { ThreadItem } from "../../src/protocol/types";
import { useView } from "../context";
import { Changes } from "./changes";
import { Command } from "./command";
import { AgentMessage, Fold, UserMessage } from "./messages";
import { ToolCall } from "./tools";

interface Props {
  turn: TurnModel;
  itemId: string;
  /** Where the turn has it. */
  index: number;
}

export function Item({ turn, itemId, index }: Props) {
  useView().store.watch(itemId);
  const found = turn.items[index];
  if (!found) return null;
  const { item, done } = found;
  return <article class={`item ${item.type}`}>{draw(item, { turn, done })}</article>;
}

function draw(item: ThreadItem, { turn, done }: { turn: TurnModel } & Pick<ItemModel, "done">): JSX.Element | null {
  switch (item.type) {
    case "userMessage":
      return <UserMessage item={item} />;
    case "agentMessage":
    case "plan":
      return <AgentMessage text={item.text} />;
    case "reasoning":
      return (
        <Fold
          label={done ? l10n.t("Thought") : l10n.t("Thinking ...")}
          texts={item.summary.length ? item.summary : item.content}
        />
      );
    case "commandExecution":
      return <Command item={item} done={done} />;
    case "fileChange":
      return <Changes item={item} turnId={turn.id} />;
    case "mcpToolCall":
    case "dynamicToolCall":
      return <ToolCall item={item} />;
    case "webSearch":
      return <p class="line">{l10n.t("Searched the web: {0}", item.query)}</p>;
    case "imageView":
      return <p class="line">{l10n.t("Looked at {0}", item.path)}</p>;
    case "contextCompaction":
      return (
        <p class="line">{done ? l10n.t("Earlier turns were summarised.") : l10n.t("Summarising earlier turns ...")}</p>
      );
    case "enteredReviewMode":
      return <p class="line">{l10n.t("Review: {0}", item.review)}</p>;
    case "exitedReviewMode":
      return <AgentMessage text={item.review} />;
    default:
      return <p class="line">{l10n.t("Another step: {0}", item.type)}</p>;
  }
}

import { t } from "@vscode/l10n";
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
}

export function Item({ turn, itemId }: Props) {
  const { store } = useView();
  const found = turn.items.find((each) => each.item.id === itemId);
  if (!found) return null;
  const { item, done } = store.watch(found);
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
          label={done ? t("Thought") : t("Thinking ...")}
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
      return <p class="line">{t("Searched the web: {0}", item.query)}</p>;
    case "imageView":
      return <p class="line">{t("Looked at {0}", item.path)}</p>;
    case "contextCompaction":
      return <p class="line">{done ? t("Earlier turns were summarised.") : t("Summarising earlier turns ...")}</p>;
    case "enteredReviewMode":
      return <p class="line">{t("Review: {0}", item.review)}</p>;
    case "exitedReviewMode":
      return <AgentMessage text={item.review} />;
    default:
      return <p class="line">{item.type}</p>;
  }
}

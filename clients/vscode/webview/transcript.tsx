import { t } from "@vscode/l10n";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { TurnModel } from "../src/model/thread";
import { useView } from "./context";
import { Item } from "./items/item";
import { Lazy } from "./lazy";

const NEAR_BOTTOM_PX = 48;
const OLDER_TURNS = 20;

export function Transcript() {
  const { store } = useView();
  const scroller = useRef<HTMLDivElement>(null);
  useStickToBottom(scroller);
  const thread = store.thread;
  return (
    <section class="transcript" ref={scroller} role="log" aria-label={t("Conversation")} tabIndex={0}>
      <div class="turns">
        <Older scroller={scroller} />
        {thread?.turns.map((turn) => (
          <Turn key={turn.id} turn={turn} />
        ))}
        {!thread && <p class="hint">{t("Ask for something: a change, an explanation, a review.")}</p>}
      </div>
    </section>
  );
}

function Turn({ turn }: { turn: TurnModel }) {
  const { store } = useView();
  store.changes.value;
  return (
    <section class={`turn ${turn.status}`} aria-busy={turn.status === "inProgress"}>
      {turn.items.map((entry) => (
        <Lazy key={entry.item.id} eager={!entry.done}>
          <Item turn={turn} itemId={entry.item.id} />
        </Lazy>
      ))}
      {turn.plan.length > 0 && <Plan turn={turn} />}
      {turn.status === "inProgress" && turn.notices.slice(-1).map((notice) => <p class="notice">{notice.text}</p>)}
      {turn.status === "interrupted" && <p class="notice">{t("Interrupted")}</p>}
      {turn.error && (
        <p class="notice error" role="alert">
          {turn.error.message}
        </p>
      )}
    </section>
  );
}

function Plan({ turn }: { turn: TurnModel }) {
  const signs = { pending: "○", inProgress: "◐", completed: "●" } as const;
  const words = { pending: t("to do"), inProgress: t("in progress"), completed: t("done") };
  return (
    <ol class="plan" aria-label={t("Plan")}>
      {turn.plan.map(({ step, status }) => (
        <li class={status}>
          <span role="img" aria-label={words[status]}>
            {signs[status]}
          </span>{" "}
          {step}
        </li>
      ))}
    </ol>
  );
}

/** Asks for older turns when it comes into sight; what is seen does not move. */
function Older({ scroller }: { scroller: { current: HTMLDivElement | null } }) {
  const { host, store } = useView();
  const mark = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const cursor = store.thread?.olderCursor ?? null;
  useEffect(() => {
    const threadId = store.threadId.value;
    if (!cursor || !threadId || !mark.current) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      observer.disconnect();
      host
        .call("thread/turns/list", { threadId, cursor, limit: OLDER_TURNS, sortDirection: "desc", itemsView: "full" })
        .then((page) => {
          const box = scroller.current;
          const fromBottom = box ? box.scrollHeight - box.scrollTop : 0;
          store.prepend(threadId, [...page.data].reverse(), page.nextCursor);
          requestAnimationFrame(() => box && (box.scrollTop = box.scrollHeight - fromBottom));
        })
        .catch((error: Error) => setFailed(error.message));
    });
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [cursor]);
  if (!cursor) return null;
  return (
    <div class="older" ref={mark}>
      {failed ?? t("Earlier turns ...")}
    </div>
  );
}

/** New text scrolls into sight, unless somebody has scrolled up to read. */
function useStickToBottom(scroller: { current: HTMLDivElement | null }): void {
  const stuck = useRef(true);
  useLayoutEffect(() => {
    const box = scroller.current;
    const content = box?.firstElementChild;
    if (!box || !content) return;
    const follow = () => {
      if (stuck.current) box.scrollTop = box.scrollHeight;
    };
    const look = () => {
      stuck.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_BOTTOM_PX;
    };
    const observer = new ResizeObserver(follow);
    observer.observe(content);
    observer.observe(box);
    box.addEventListener("scroll", look, { passive: true });
    follow();
    return () => {
      observer.disconnect();
      box.removeEventListener("scroll", look);
    };
  }, []);
}

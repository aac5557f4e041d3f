import * as l10n from "@vscode/l10n";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { TurnModel } from "../src/model/thread";
import { useView } from "./context";
import { Stretches } from "./stretch";

const NEAR_BOTTOM_PX = 48;
const OLDER_TURNS = 20;

export function Transcript() {
  const { store } = useView();
  const scroller = useRef<HTMLDivElement>(null);
  useStickToBottom(scroller);
  const turns = store.turns;
  return (
    <section class="transcript" ref={scroller} role="log" aria-label={l10n.t("Conversation")} tabIndex={0}>
      <div class="turns">
        <Older scroller={scroller} />
        {turns?.map((turn) => (
          <Turn key={turn.id} turn={turn} />
        ))}
        {!turns && <p class="hint">{l10n.t("Ask for something: a change, an explanation, a review.")}</p>}
      </div>
    </section>
  );
}

function Turn({ turn }: { turn: TurnModel }) {
  useView().store.watch(turn.id);
  return (
    <section class={`turn ${turn.status}`} aria-busy={turn.status === "inProgress"}>
      <Stretches turn={turn} />
      {turn.plan.length > 0 && <Plan turn={turn} />}
      {turn.status === "inProgress" && turn.notices.slice(-1).map((notice) => <p class="notice">{notice.text}</p>)}
      {turn.status === "interrupted" && <p class="notice">{l10n.t("Interrupted")}</p>}
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
  const words = { pending: l10n.t("to do"), inProgress: l10n.t("in progress"), completed: l10n.t("done") };
  return (
    <ol class="plan" aria-label={l10n.t("Plan")}>
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
      {failed ?? l10n.t("Earlier turns ...")}
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

import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Frame, type Page, expect, test } from "@playwright/test";
import { Chat } from "./chat";
import { Editor } from "./editor";

const LONG = 2000;
const SHORT = 50;

let editor: Editor;
let page: Page;
let chat: Chat;

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ browser }) => {
  test.setTimeout(240_000);
  editor = await Editor.start();
  await store(LONG);
  await store(SHORT);
  page = await browser.newPage();
  chat = await Chat.open(page, editor.url);
});

test.afterAll(async () => {
  await page.close();
  await editor.stop();
});

/** A stored thread, as if the daemon had written it over some days. */
async function store(items: number): Promise<void> {
  const daemon = process.env["SPINDLED_EXECUTABLE"]!;
  const home = join(editor.home, "spindled");
  const given = [join(__dirname, "long_thread.py"), home, editor.workspace, String(items)];
  await promisify(execFile)(join(dirname(daemon), "python"), given);
}

async function open(items: number): Promise<void> {
  await chat.button("Threads").click();
  await chat.button(`A thread of ${items} items`).click();
  await expect(chat.locator(".item").last()).toContainText(`Part ${items / 10 - 1}`);
}

interface Figures {
  /** The most items, and elements of any kind, that were there at once. */
  items: number;
  elements: number;
  /** Items that changed. */
  changed: number;
  frames: number;
  /** The longest frame, in milliseconds of whatever else the machine did; and the longest task in those of its work. */
  longestFrame: number;
  longestTask: number;
  /** Tasks of more than 50 ms of work. */
  janks: number;
}

/** What the view goes through while something is done in it. */
async function watched(view: Frame, action: () => Promise<unknown>): Promise<Figures> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ["toplevel"] });
  const watching = await view.evaluateHandle(watch);
  await action();
  const seen = await watching.evaluate((stop) => stop());
  const tasks = workOfTasks(await browser.stopTracing());
  return { ...seen, longestTask: Math.max(...tasks), janks: tasks.filter((work) => work > 50).length };
}

/** Runs in the view. */
function watch() {
  const seen = { items: 0, elements: 0, changed: 0, frames: 0, longestFrame: 0 };
  const changed = new Set<Element>();
  let last = performance.now();
  let on = true;
  const look = (now: number) => {
    seen.frames += 1;
    seen.longestFrame = Math.max(seen.longestFrame, Math.round(now - last));
    seen.items = Math.max(seen.items, document.getElementsByClassName("item").length);
    seen.elements = Math.max(seen.elements, document.getElementsByTagName("*").length);
    last = now;
    if (on) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  const mutations = new MutationObserver((records) => {
    for (const { target } of records) {
      const item = (target instanceof Element ? target : target.parentElement)?.closest(".item");
      if (item) changed.add(item);
    }
  });
  mutations.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  return () => {
    on = false;
    mutations.disconnect();
    return { ...seen, changed: changed.size };
  };
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Microseconds of the thread's own work. */
  tdur?: number;
  args: { name?: string };
}

/** Milliseconds of each task in the thread that the page and the view share. */
function workOfTasks(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const mains = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const ours = new Set(mains.map(threadOf));
  return traceEvents
    .filter((event) => event.name.endsWith("RunTask") && ours.has(threadOf(event)))
    .map(({ tdur = 0 }) => Math.round(tdur / 1000));
}

/** As somebody does who holds the key, until there is nothing before it. Returns the height of it all. */
function scrollToStart(view: Frame): Promise<number> {
  return view.evaluate(async () => {
    const box = document.querySelector(".transcript")!;
    const frame = () => new Promise(requestAnimationFrame);
    const more = () => box.scrollTop > 0 || document.querySelector(".older");
    for (let still = 0; still < 5; still = more() ? 0 : still + 1) {
      box.scrollTop -= 400;
      await frame();
    }
    return box.scrollHeight;
  });
}

function scrollToEnd(view: Frame): Promise<void> {
  return view.evaluate(() => {
    const box = document.querySelector(".transcript")!;
    box.scrollTop = box.scrollHeight;
  });
}

async function measured(items: number): Promise<Record<"opened" | "scrolled" | "streamed", Figures>> {
  const view = page.frames().find((each) => each.url().includes("fake.html"))!;
  const opened = await watched(view, () => open(items));
  const scrolled = await watched(view, () => scrollToStart(view));
  await expect(chat.locator(".item").first()).toContainText("Question 0.");
  await scrollToEnd(view);
  await expect(chat.locator(".item").last()).toContainText(`Part ${items / 10 - 1}`);
  const streamed = await watched(view, () => chat.run("stream 300 words every 10 ms"));
  await expect(chat.locator(".item").last()).toBeInViewport();
  return { opened, scrolled, streamed };
}

test("a thread of 2,000 items is no heavier than one of 50", async () => {
  test.setTimeout(300_000);
  const short = await measured(SHORT);
  const long = await measured(LONG);
  for (const phase of ["opened", "scrolled", "streamed"] as const) {
    console.log(`${phase}, ${SHORT} items:`, JSON.stringify(short[phase]));
    console.log(`${phase}, ${LONG} items:`, JSON.stringify(long[phase]));
  }
  expect(long.scrolled.items).toBeLessThanOrEqual(2 * SHORT);
  expect(long.scrolled.elements).toBeLessThan(LONG);
  expect(long.streamed.items).toBeLessThanOrEqual(short.scrolled.items);
  expect(long.streamed.changed).toBe(short.streamed.changed);
});

// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, expect, test } from "vitest";
import type { Answer } from "../../src/approvals/questions";
import type { FromView } from "../../src/chat/messages";
import { ChangesAsked, filesOf } from "../../webview/changes-asked";
import { type View, ViewContext } from "../../webview/context";

const CHANGES = [
  { path: "/w/a.txt", kind: { type: "update", move_path: "/w/b.txt" }, diff: "@@ -1 +1 @@\n-a\n+b\n" },
  { path: "/w/c.txt", kind: { type: "add" }, diff: "c\n" },
] as never[];

let answers: Answer[];
let sent: FromView[];
let root: HTMLElement;

beforeEach(() => {
  [answers, sent] = [[], []];
  root = document.createElement("div");
  document.body.replaceChildren(root);
});

function show(availablePaths?: string[]): void {
  const view = { host: { send: (message: FromView) => sent.push(message) }, store: { thread: { cwd: "/w" } } };
  const place = { threadId: "t", turnId: "1", itemId: "i", key: "i" };
  const params = { threadId: "t", turnId: "1", itemId: "i", startedAtMs: 1, availablePaths } as never;
  render(
    <ViewContext.Provider value={view as unknown as View}>
      <ChangesAsked
        question={{ ...place, kind: "changes", params, changes: CHANGES }}
        onAnswer={(answer) => answers.push(answer)}
      />
    </ViewContext.Provider>,
    root,
  );
}

const boxes = () => [...root.querySelectorAll<HTMLInputElement>("input")];
const button = (text: string) => [...root.querySelectorAll("button")].find((each) => each.textContent === text)!;
const press = (element: HTMLElement) => act(() => element.click());

test("all files are accepted unless one is left out", async () => {
  show(["/w/a.txt", "/w/c.txt"]);
  await press(button("Approve"));
  await press(boxes()[0]!);
  await press(button("Approve 1 of 2"));
  await press(button("Approve 1 of 2 for this session"));
  await press(button("Decline"));
  expect(answers).toEqual([
    { decision: "accept" },
    { decision: "accept", acceptedPaths: ["/w/c.txt"] },
    { decision: "acceptForSession", acceptedPaths: ["/w/c.txt"] },
    { decision: "decline" },
  ]);
});

test("nothing is no yes", async () => {
  show(["/w/a.txt", "/w/c.txt"]);
  for (const box of boxes()) await press(box);
  expect(button("Approve 0 of 2").disabled).toBe(true);
  await press(boxes()[1]!);
  expect(button("Approve 1 of 2").disabled).toBe(false);
});

test("each file has a name, what becomes of it, and a diff of its own", async () => {
  show(["/w/a.txt", "/w/c.txt"]);
  expect(boxes().map((box) => box.closest("label")!.textContent?.trim())).toEqual([
    "a.txt → b.txt +1 -1",
    "c.txt +1 -0",
  ]);
  await press(root.querySelector<HTMLElement>("[aria-label='Open diff of /w/c.txt']")!);
  await press(button("Show diff"));
  expect(sent).toEqual([
    { type: "reviewChanges", turnId: "1", itemId: "i", path: "/w/c.txt" },
    { type: "reviewChanges", turnId: "1", itemId: "i" },
  ]);
});

test("a daemon that offers no parts is asked for the whole", async () => {
  show();
  expect(boxes()).toEqual([]);
  await press(button("Approve"));
  expect(answers).toEqual([{ decision: "accept" }]);
});

test("a path that is offered is shown, whatever else is known of it", () => {
  expect(filesOf([], ["/a"])).toEqual([{ path: "/a", movedTo: null, added: 0, removed: 0 }]);
  expect(filesOf([CHANGES[1]!, CHANGES[1]!], [])).toMatchObject([{ path: "/w/c.txt", added: 2 }]);
});

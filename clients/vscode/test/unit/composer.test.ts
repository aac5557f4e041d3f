import { expect, test } from "vitest";
import { completingAt, replaced } from "../../webview/composer/completion";
import { contextLeft } from "../../webview/composer/meter";
import { inputOf } from "../../webview/composer/send";
import { countOf } from "../../webview/items/changes";
import { fileOf } from "../../webview/items/messages";

test("a file is completed after an at sign, a command after a slash at the start", () => {
  expect(completingAt("see @src/ma", 11)).toEqual({ kind: "mention", query: "src/ma", from: 4, to: 11 });
  expect(completingAt("/co", 3)).toEqual({ kind: "command", query: "co", from: 0, to: 3 });
  expect(completingAt("a/co", 4)).toBeNull();
  expect(completingAt("mail@example.org", 16)).toBeNull();
  expect(completingAt("@a done", 7)).toBeNull();
});

test("what is chosen takes the place of what was typed", () => {
  const completing = completingAt("see @ma please", 7)!;
  expect(replaced("see @ma please", completing, "@main.py")).toEqual({ text: "see @main.py please", caret: 13 });
});

test("context that is left, without what every conversation has", () => {
  expect(contextLeft(12_000, 112_000)).toBe(100);
  expect(contextLeft(62_000, 112_000)).toBe(50);
  expect(contextLeft(500_000, 112_000)).toBe(0);
  expect(contextLeft(0, 8_000)).toBe(0);
});

test("an input has words and images", () => {
  expect(inputOf({ text: " hi ", images: ["data:image/png;base64,AA"] })).toEqual([
    { type: "text", text: "hi", text_elements: [] },
    { type: "image", url: "data:image/png;base64,AA" },
  ]);
  expect(inputOf({ text: " ", images: ["data:,"] })).toHaveLength(1);
});

test("lines that come and go", () => {
  const update = { path: "a", kind: { type: "update", move_path: null }, diff: "@@ -1,2 +1,2 @@\n a\n-b\n+c\n+d\n" };
  expect(countOf(update as never)).toEqual({ added: 2, removed: 1 });
  expect(countOf({ path: "a", kind: { type: "add" }, diff: "x\ny\n" } as never)).toEqual({ added: 2, removed: 0 });
  expect(countOf({ path: "a", kind: { type: "delete" }, diff: "x\n" } as never)).toEqual({ added: 0, removed: 1 });
});

test("links to files are not links to the web", () => {
  expect(fileOf("src/a.py:12")).toEqual({ path: "src/a.py", line: 12 });
  expect(fileOf("src/a.py:12:3")).toEqual({ path: "src/a.py", line: 12 });
  expect(fileOf("src/a%20b.py#L7")).toEqual({ path: "src/a b.py", line: 7 });
  expect(fileOf("/abs/a.py")).toEqual({ path: "/abs/a.py" });
  expect(fileOf("https://example.org/a")).toBeNull();
  expect(fileOf("#top")).toBeNull();
});

import { expect, test } from "vitest";
import { spansOf } from "../../webview/ansi";

test("named colours are classes, others are colours", () => {
  expect(spansOf("\x1b[31mred\x1b[0m plain \x1b[1;92mgood\x1b[0m")).toMatchObject([
    { text: "red", classes: "ansi-red-fg" },
    { text: " plain ", classes: "" },
    { text: "good", classes: "ansi-bold ansi-bright-green-fg" },
  ]);
  expect(spansOf("\x1b[38;2;1;2;3mx\x1b[0m")[0]).toMatchObject({ color: "rgb(1, 2, 3)" });
  expect(spansOf("\x1b[38;5;196mx\x1b[0m")[0]).toMatchObject({ color: "rgb(255, 0, 0)" });
});

test("markup is text", () => {
  expect(spansOf("<b>&amp;</b>")).toMatchObject([{ text: "<b>&amp;</b>" }]);
});

test("a progress bar shows its last state", () => {
  expect(spansOf("10 %\r50 %\r100 %\ndone\r\n")).toMatchObject([{ text: "100 %\ndone\n" }]);
});

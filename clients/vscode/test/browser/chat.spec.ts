import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Page, expect, test } from "@playwright/test";
import { Chat } from "./chat";
import { Editor } from "./editor";

let editor: Editor;
let page: Page;
let chat: Chat;

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ browser }) => {
  test.setTimeout(240_000);
  editor = await Editor.start();
  page = await browser.newPage();
  chat = await Chat.open(page, editor.url);
});

test.afterAll(async () => {
  await page.close();
  await editor.stop();
});

test("a turn streams its answer", async () => {
  const turn = await chat.run("say Hello from the **spindle**.");
  await expect(turn.locator(".markdown strong")).toHaveText("spindle");
});

test("a command is approved and runs", async () => {
  await chat.say("run echo approved > a.txt");
  await expect(chat.question).toContainText("echo approved > a.txt");
  await chat.button("Approve").click();
  await expect(chat.turns.last()).toHaveAttribute("aria-busy", "false");
  expect(await readFile(join(editor.workspace, "a.txt"), "utf8")).toBe("approved\n");
});

test("a command that is declined does not run", async () => {
  await chat.say("run echo declined > b.txt");
  await chat.button("Decline").click();
  await expect(chat.turns.last()).toHaveAttribute("aria-busy", "false");
  await expect(chat.turns.last()).toContainText("declined");
  await expect(readFile(join(editor.workspace, "b.txt"))).rejects.toThrow("ENOENT");
});

test("a patch is looked at in the diff editor and accepted", async () => {
  await writeFile(join(editor.workspace, "c.txt"), "one\ntwo\n");
  await chat.say("replace c.txt two -> three");
  await expect(chat.question).toContainText("c.txt");
  await chat.question.getByRole("button", { name: "Show diff" }).click();
  await expect(page.locator(".monaco-diff-editor")).toBeVisible();
  await chat.button("Approve").click();
  await expect(chat.turns.last()).toHaveAttribute("aria-busy", "false");
  expect(await readFile(join(editor.workspace, "c.txt"), "utf8")).toBe("one\nthree\n");
});

test("a turn is interrupted", async () => {
  await chat.say("stream 5000 words every 20 ms");
  await expect(chat.turns.last().locator(".agentMessage")).toContainText("spindle");
  await chat.button("Stop").click();
  await expect(chat.turns.last()).toContainText("Interrupted");
});

test("a turn is steered", async () => {
  await chat.say("stream 200 words every 20 ms");
  await expect(chat.turns.last().locator(".agentMessage")).toContainText("spindle");
  await chat.say("say And now this.");
  await expect(chat.turns.last()).toHaveAttribute("aria-busy", "false");
  await expect(chat.turns.last()).toContainText("And now this.");
});

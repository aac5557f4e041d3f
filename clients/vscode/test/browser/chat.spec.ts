import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Page, expect, test } from "@playwright/test";
import { barriers } from "./axe";
import { Chat } from "./chat";
import { Editor } from "./editor";
import { picture } from "./pictures";

/** What the scripted model streams, again and again. */
const STREAMED = "the spindle turns and the thread grows longer with every turn".split(" ");

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

/** By a link in the chat: the editor's own search does not have a file at once that is new. */
async function openFile(name: string): Promise<void> {
  const turn = await chat.run(`say See [the file](${name}).`);
  await turn.getByRole("link", { name: "the file" }).click();
  await expect(page.getByRole("tab", { name, exact: false }).first()).toBeVisible();
}

test("a turn streams its answer", async () => {
  const turn = await chat.run("say Hello from the **spindle**.");
  await expect(turn.locator(".markdown strong")).toHaveText("spindle");
});

test("a command is approved and runs", async () => {
  await chat.say("run echo approved > a.txt");
  await expect(chat.question).toContainText("echo approved > a.txt");
  await picture(page, "approval");
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

test("what is approved for the session is listed and revoked", async () => {
  await chat.run("run echo once >> g.txt", ["Approve for this session"]);
  await chat.run("run echo once >> g.txt"); // nobody is asked
  await chat.button("Session approvals: 1").press("Enter");
  const revoke = chat.locator(".grants").getByRole("button", { name: /^Revoke .*g\.txt/ });
  await expect(revoke).toBeVisible();
  expect(await barriers(page)).toEqual([]);
  await picture(page, "grants");
  await revoke.press("Enter");
  await expect(chat.locator(".grants .hint")).toHaveText("Nothing is approved for this session.");
  await chat.button("Session approvals: 0").press("Escape");
  await expect(chat.locator(".grants")).toHaveCount(0);
  await chat.run("run echo once >> g.txt", ["Decline"]);
  expect(await readFile(join(editor.workspace, "g.txt"), "utf8")).toBe("once\nonce\n");
});

test("a patch is looked at in the diff editor and accepted", async () => {
  await writeFile(join(editor.workspace, "c.txt"), "one\ntwo\n");
  await chat.say("replace c.txt two -> three");
  await expect(chat.question).toContainText("c.txt");
  await chat.question.getByRole("button", { name: "Show diff" }).click();
  await expect(page.locator(".monaco-diff-editor")).toBeVisible();
  await picture(page, "diff");
  await chat.button("Approve").click();
  await expect(chat.turns.last()).toHaveAttribute("aria-busy", "false");
  expect(await readFile(join(editor.workspace, "c.txt"), "utf8")).toBe("one\nthree\n");
});

test("a patch is accepted file by file", async () => {
  for (const name of ["e.txt", "f.txt"]) await writeFile(join(editor.workspace, name), "one\n");
  const sections = ["e.txt", "f.txt"].map((name) => `*** Update File: ${name}\n@@\n-one\n+two`).join("\n");
  await chat.say(`patch\n*** Begin Patch\n${sections}\n*** End Patch`);
  await chat.question.getByRole("button", { name: /Open diff of .*f\.txt/ }).click();
  await expect(page.getByRole("tab", { name: /Changes of the agent/ }).first()).toBeVisible();
  const box = chat.question.getByRole("checkbox", { name: "e.txt" });
  await box.focus();
  await box.press("Space"); // the keyboard is enough
  expect(await barriers(page)).toEqual([]);
  await picture(page, "files");
  await chat.button("Approve 1 of 2").press("Enter");
  await expect(chat.turns.last()).toHaveAttribute("aria-busy", "false");
  await expect(chat.turns.last().locator(".changes.declined")).toContainText("e.txt");
  await expect(chat.turns.last().locator(".changes.completed")).toContainText("f.txt");
  const texts = await Promise.all(["e.txt", "f.txt"].map((name) => readFile(join(editor.workspace, name), "utf8")));
  expect(texts).toEqual(["one\n", "two\n"]);
});

test("a patch meets unsaved work and leaves it unsaved", async () => {
  await writeFile(join(editor.workspace, "d.txt"), "one\ntwo\n");
  await openFile("d.txt");
  const lines = page.locator(".monaco-editor .view-lines").last();
  await lines.click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("typed ");
  await chat.say("replace d.txt two -> three");
  await chat.button("Approve").click();
  await expect(chat.turns.last()).toHaveAttribute("aria-busy", "false");
  await expect(lines).toContainText("typed");
  await expect(lines).toContainText("three");
  expect(await readFile(join(editor.workspace, "d.txt"), "utf8")).toBe("one\ntwo\n");
});

test("a symbol is mentioned with its place", async () => {
  await writeFile(join(editor.workspace, "wheel.md"), "# Spinning wheel\n\nIt turns.\n\n# Hook\n");
  await openFile("wheel.md");
  await expect(page.locator(".monaco-breadcrumbs")).toContainText("# Spinning wheel"); // its extension is there
  await chat.input.fill("say ");
  await chat.input.pressSequentially("@spinn");
  await chat.locator("[role=option]").filter({ hasText: "Spinning wheel" }).click();
  await expect(chat.input).toHaveValue(/^say # Spinning wheel \(@wheel\.md:1-\d\) $/);
  await chat.input.press("Enter");
  await expect(chat.turns.last()).toHaveAttribute("aria-busy", "false");
  await expect(chat.turns.last().locator(".agentMessage")).toContainText("@wheel.md:1-");
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

test("the list of threads", async () => {
  await chat.run(
    "think I look at what is there.\nrun printf '\\033[32mok\\033[0m %s\\n' one two\nplan look; change; test\nsay All of it is **fine**:\\n\\n- one\\n- two",
    ["Approve"],
  );
  await chat.turns.last().locator(".command summary").click();
  await expect(chat.turns.last().locator(".ansi-green-fg").first()).toHaveText("ok");
  await picture(page, "turn");
  await chat.button("Threads").click();
  await expect(chat.locator(".history li")).toHaveCount(1);
  await chat.button("Threads").click();
});

test("the view can be used by everybody", async () => {
  expect(await barriers(page)).toEqual([]);
});

test("a turn goes on while the window is loaded again", async () => {
  await chat.say("stream 4000 words every 50 ms");
  const streamed = chat.turns.last().locator(".agentMessage").first();
  await expect(streamed).toContainText("spindle");
  chat = await Chat.open(page, editor.url);
  await expect(chat.turns.last()).toHaveAttribute("aria-busy", "true");
  const words = async () => (await streamed.innerText()).trim().split(/\s+/);
  const before = (await words()).length;
  await expect.poll(async () => (await words()).length).toBeGreaterThan(before + 20);
  await chat.button("Stop").click();
  await expect(chat.turns.last()).toHaveAttribute("aria-busy", "false");
  const seen = await words();
  expect(seen).toEqual(seen.map((_, index) => STREAMED[index % STREAMED.length])); // none is lost
});

test("the daemon is killed, and the thread is there again", async () => {
  const before = await chat.turns.count();
  await editor.killDaemon();
  await expect(chat.locator(".banner")).toBeVisible();
  await expect(chat.send).toBeEnabled({ timeout: 60_000 });
  await expect(chat.turns).toHaveCount(before);
  const turn = await chat.run("say Back again.");
  await expect(turn.locator(".agentMessage")).toHaveText("Back again.");
});

import { symlink } from "node:fs/promises";
import { type Page, expect, test } from "@playwright/test";
import { barriers } from "./axe";
import { Chat } from "./chat";
import { Editor } from "./editor";
import { picture } from "./pictures";

/** Name of a picture, theme, and the class by which a view knows such themes. */
const THEMES = [
  ["dark", "Dark Modern", "vscode-dark"],
  ["light", "Light Modern", "vscode-light"],
  ["high-contrast", "Default High Contrast", "vscode-high-contrast"],
  ["high-contrast-light", "Default High Contrast Light", "vscode-high-contrast-light"],
] as const;

const WORK = `think I look at what is there.
run for n in 31 32 33 34 35 36 37 91 92 93 94 95 96 97; do printf '\\033[%sm%s\\033[0m ' $n $n; done
plan look; change; test
say All of it is **fine**, see [the wheel](wheel.py) and \`wind\`:\\n\\n\`\`\`python\\n# winds it up\\ndef wind(turns: int) -> str:\\n    return "thread" * turns\\n\`\`\`
write wheel.py wind = 3`;

let editor: Editor;
let page: Page;
let daemon: string;

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ browser }, info) => {
  test.setTimeout(240_000);
  daemon = info.outputPath("spindled");
  editor = await Editor.start({ settings: { "spindled.path": daemon } });
  page = await browser.newPage();
});

test.afterAll(async () => {
  await page.close();
  await editor.stop();
});

test("a daemon that is missing is asked for, and found when it is there", async () => {
  await page.goto(editor.url);
  await page.getByRole("tab", { name: "Agent" }).first().click();
  const chat = new Chat(page);
  const prompt = chat.locator(".banner[role=alert]");
  await expect(prompt).toContainText("pip install spindled", { timeout: 60_000 });
  await expect(chat.send).toBeDisabled();
  expect(await barriers(page)).toEqual([]);
  await picture(page, "missing");
  await symlink(process.env["SPINDLED_EXECUTABLE"]!, daemon);
  await chat.button("Try again").click();
  await expect(prompt).toBeHidden();
  await expect(chat.send).toBeEnabled();
});

test("there is something to look at", async () => {
  await new Chat(page).run(WORK, ["Approve", "Approve"]);
});

for (const [name, theme, known] of THEMES) {
  test(`everybody can use the view in ${theme}`, async () => {
    await editor.configure({ "workbench.colorTheme": theme });
    const chat = await Chat.open(page, editor.url);
    await expect(chat.locator(`body.${known}`)).toBeVisible();
    await chat.turns.first().locator(".command summary").click();
    await expect(chat.locator(".ansi-green-fg").first()).toBeVisible();
    await picture(page, `turn-${name}`);
    expect.soft(await barriers(page)).toEqual([]);
    await chat.say("run echo asked");
    await expect(chat.question).toContainText("echo asked");
    await picture(page, `question-${name}`);
    expect.soft(await barriers(page)).toEqual([]);
    await chat.input.fill("/");
    await expect(chat.locator("[role=option]").first()).toBeVisible();
    await picture(page, `commands-${name}`);
    expect.soft(await barriers(page)).toEqual([]);
    await chat.input.fill("");
    await chat.button("Decline").click();
    await chat.button("Threads").click();
    await expect(chat.locator(".history li")).toHaveCount(1);
    await picture(page, `threads-${name}`);
    expect.soft(await barriers(page)).toEqual([]);
  });
}

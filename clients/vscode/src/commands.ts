import * as vscode from "vscode";
import { type Task, promptOf, mentionOf } from "./editor/prompts";
import type { Session } from "./session";

/** Every command of the palette and the menus. */
export function register(open: () => Session, output: vscode.LogOutputChannel): vscode.Disposable[] {
  const ask = async (text: string) => {
    const session = open();
    await session.view.focus();
    await session.ask(text);
  };
  const about = (task: Task) => async (given?: vscode.Uri, range?: vscode.Range, problem?: string) => {
    const prompt = promptOf(task, given, range, problem);
    if (prompt) await ask(prompt);
  };
  const commands: Record<string, (...given: never[]) => unknown> = {
    "spindled.agent.open": () => open().view.focus(),
    "spindled.agent.newThread": async () => {
      await open().current.close();
      await open().view.focus();
    },
    "spindled.agent.ask": async () => {
      const text = await vscode.window.showInputBox({ prompt: vscode.l10n.t("What shall the agent do?") });
      if (text) await ask(text);
    },
    "spindled.agent.fix": about("fix"),
    "spindled.agent.explain": about("explain"),
    "spindled.agent.refactor": about("refactor"),
    "spindled.agent.mention": async () => {
      const mention = mentionOf(vscode.window.activeTextEditor);
      await open().view.focus();
      if (mention) open().view.send({ type: "mention", text: mention });
    },
    "spindled.agent.review": () => open().review(),
    "spindled.agent.interrupt": () => open().interrupt(),
    "spindled.agent.restart": () => open().restart(),
    "spindled.agent.showLog": () => output.show(),
  };
  return Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(name, run));
}

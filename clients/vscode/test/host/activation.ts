import assert from "node:assert/strict";
import { relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { ours } from "./ours";
import { figures } from "./report";

export function activation(): void {
  describe("activation", () => {
    it("waits until somebody uses something", () => {
      assert.equal(ours.isActive, false);
      assert.deepEqual(loaded(), []);
    });

    it("loads one small module", async () => {
      await quiet();
      const before = process.cpuUsage();
      await ours.activate();
      const { user, system } = process.cpuUsage(before);
      figures.push(`activation takes ${Math.round((user + system) / 1000)} ms of CPU; it may take 100`);
      assert.deepEqual(loaded(), ["dist/extension.js"]);
    });

    it("registers each command that is contributed, and no other", async () => {
      const { commands } = ours.packageJSON.contributes as { commands: { command: string }[] };
      const registered = await vscode.commands.getCommands(true);
      assert.deepEqual(
        registered.filter((each) => each.startsWith("spindled.agent.")).sort(),
        commands.map(({ command }) => command).sort(),
      );
    });

    it("offers to explain and refactor what is selected", async () => {
      const document = await vscode.workspace.openTextDocument(ours.extensionUri.with({ path: __filename }));
      const range = new vscode.Range(0, 0, 0, 5);
      const found = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        "vscode.executeCodeActionProvider",
        document.uri,
        range,
      );
      const given = found.map(({ command }) => command?.command).filter((each) => each?.startsWith("spindled."));
      assert.deepEqual(given.sort(), ["spindled.agent.explain", "spindled.agent.refactor"]);
    });

    it("loads the rest with the first use", async () => {
      await vscode.commands.executeCommand("spindled.agent.open");
      assert.deepEqual(loaded().sort(), ["dist/extension.js", "dist/session.js"]);
    });
  });
}

/** Until the other extensions of the process have begun, so that what is measured is ours. */
async function quiet(): Promise<void> {
  let used = Infinity;
  for (let waits = 0; waits < 40 && used > 10_000; waits++) {
    const before = process.cpuUsage();
    await sleep(250);
    const { user, system } = process.cpuUsage(before);
    used = user + system;
  }
}

/** The modules of the extension that are loaded. */
function loaded(): string[] {
  const paths = Object.keys(require.cache).map((path) => relative(ours.extensionPath, path));
  return paths.filter((path) => !path.startsWith(".."));
}

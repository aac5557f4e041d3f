import assert from "node:assert/strict";
import { mkdir, mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { daemons, next, ours } from "./ours";

interface Python {
  select(interpreter: string | undefined): void;
}

export function daemon(): void {
  describe("the daemon", () => {
    const session = () => ours.exports.session();
    const setting = (path: string | undefined) =>
      vscode.workspace.getConfiguration("spindled").update("path", path, vscode.ConfigurationTarget.Workspace);
    const path = process.env["PATH"];
    let python: Python;
    let root: string;

    /** The daemon under another path. */
    async function program(...folders: string[]): Promise<string> {
      await mkdir(join(root, ...folders), { recursive: true });
      const link = join(root, ...folders, "spindled");
      await symlink(process.env["SPINDLED_EXECUTABLE"]!, link);
      return link;
    }

    async function runs(link: string): Promise<void> {
      await session().restart();
      assert.deepEqual(session().state, { is: "running" });
      const started = await daemons();
      assert.equal(started.filter((line) => line.split("\0").includes(link)).length, 1, started.join("\n"));
    }

    before(async () => {
      python = (await vscode.extensions.getExtension<Python>("ms-python.python")!.activate()) as Python;
      root = await mkdtemp(join(tmpdir(), "found-"));
      process.env["PATH"] = join(root, "path");
    });

    after(async () => {
      process.env["PATH"] = path;
      python.select(undefined);
      await setting(process.env["SPINDLED_EXECUTABLE"]);
      await session().restart();
    });

    it("is missed where there is none, and the user is told where it was looked for", async () => {
      await session().restart();
      assert.deepEqual(session().state, { is: "missing", tried: [join(root, "path", "spindled")] });
      assert.deepEqual(await daemons(), []);
    });

    it("is found on PATH", async () => {
      await runs(await program("path"));
    });

    it("is found in the selected Python environment, before PATH", async () => {
      const link = await program("environment", "bin");
      python.select(join(root, "environment", "bin", "python"));
      await runs(link);
    });

    it("is found by the setting, before all others", async () => {
      const link = await program("set");
      await setting(link);
      await runs(link);
    });

    it("asks again what was not answered when the connection was made again", async () => {
      const { questions, current, daemon } = session();
      const asked = () =>
        new Promise<string>((resolve) => {
          const stop = questions.onChange(([question]) => {
            if (!question) return;
            stop();
            resolve(question.key);
          });
        });
      const first = asked();
      await session().ask("run true");
      await first;
      const again = asked();
      await session().restart();
      const ended = next(daemon.onNotification, ({ method }) => method === "turn/completed");
      questions.answer(await again, { decision: "accept" });
      await ended;
      const command = current.thread?.turns.at(-1)?.items.find(({ item }) => item.type === "commandExecution");
      assert.equal(command?.item.type === "commandExecution" && command.item.status, "completed");
    });

    it("is missed where the setting names nothing", async () => {
      const nothing = join(root, "nothing");
      await setting(nothing);
      await session().restart();
      assert.deepEqual(session().state, { is: "missing", tried: [nothing] });
    });
  });
}

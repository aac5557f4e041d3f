import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { next, ours } from "./ours";

const BEFORE = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
const AFTER = "ONE\ntwo\nthree\nfour\nfive\nsix\nSEVEN\neight\n";
const PATCH = `patch
*** Begin Patch
*** Update File: undone.txt
@@
-one
+ONE
 two
@@
 six
-seven
+SEVEN
+eight
*** End Patch`;

export function edits(): void {
  describe("an edit of the agent", () => {
    it("goes into the open editor, is saved as it was before, and is undone in one step", async () => {
      const session = ours.exports.session();
      const path = join(vscode.workspace.workspaceFolders![0]!.uri.fsPath, "undone.txt");
      await writeFile(path, BEFORE);
      const document = await vscode.workspace.openTextDocument(path);
      await vscode.window.showTextDocument(document);
      const stop = session.questions.onChange((open) => {
        for (const { key } of open) session.questions.answer(key, { decision: "accept" });
      });
      const ended = next(session.daemon.onNotification, ({ method }) => method === "turn/completed");
      await session.ask(PATCH);
      await ended;
      stop();
      assert.equal(document.getText(), AFTER);
      assert.equal(document.isDirty, false);
      assert.equal(await readFile(path, "utf8"), AFTER);
      await vscode.commands.executeCommand("undo");
      assert.equal(document.getText(), BEFORE);
      await vscode.commands.executeCommand("redo");
      assert.equal(document.getText(), AFTER);
    });
  });
}

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { daemons, ours } from "./ours";

export function restricted(): void {
  describe("a folder that nobody has trusted", () => {
    it("is what this is", () => assert.equal(vscode.workspace.isTrusted, false));

    it("does not say which program is run", async () => {
      const settings = () => vscode.workspace.getConfiguration("spindled");
      await settings().update("path", "/tmp/anything", vscode.ConfigurationTarget.Workspace);
      await settings().update("arguments", ["anything"], vscode.ConfigurationTarget.Workspace);
      const written = vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, ".vscode", "settings.json");
      assert.match(String(await vscode.workspace.fs.readFile(written)), /anything/);
      assert.equal(settings().get("path"), process.env["SPINDLED_EXECUTABLE"]);
      assert.notDeepEqual(settings().get("arguments"), ["anything"]);
    });

    it("has the commands and the view, and no daemon", async () => {
      await vscode.commands.executeCommand("spindled.agent.open");
      assert.equal(ours.isActive, true);
      const session = ours.exports.session();
      await session.start();
      assert.deepEqual(session.state, { is: "untrusted" });
      await assert.rejects(session.ask("run touch ran"), /not connected/);
      await session.restart();
      assert.deepEqual(await daemons(), []);
    });
  });
}

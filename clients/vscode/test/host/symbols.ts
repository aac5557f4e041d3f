import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { symbolsLike } from "../../src/editor/symbols";

const { DocumentSymbol, Location, Range, SymbolInformation, SymbolKind, Uri } = vscode;

export function symbols(): void {
  describe("symbols", () => {
    const registered: vscode.Disposable[] = [];
    let open: vscode.Uri;
    let shut: vscode.Uri;

    before(async () => {
      const folder = join(vscode.workspace.workspaceFolders![0]!.uri.fsPath, "source");
      await mkdir(folder);
      [open, shut] = ["open.spun", "shut.spun"].map((name) => Uri.file(join(folder, name))) as [vscode.Uri, vscode.Uri];
      for (const { fsPath } of [open, shut]) await writeFile(fsPath, "\n".repeat(40));
      await vscode.workspace.openTextDocument(open);
      const wheel = new DocumentSymbol("Wheel", "", SymbolKind.Class, lines(1, 20), lines(1, 1));
      wheel.children = [new DocumentSymbol("spinOnce", "", SymbolKind.Method, lines(4, 9), lines(4, 4))];
      const everywhere = [
        new SymbolInformation("respin", SymbolKind.Function, "", new Location(shut, lines(2, 3))),
        new SymbolInformation("spin", SymbolKind.Function, "machine", new Location(shut, lines(10, 12))),
        new SymbolInformation("spinOnce", SymbolKind.Method, "Wheel", new Location(open, lines(4, 4))),
        new SymbolInformation("spinOutside", SymbolKind.Method, "", new Location(Uri.file("/else.spun"), lines(0, 1))),
        new SymbolInformation("halt", SymbolKind.Function, "", new Location(shut, lines(30, 31))),
      ];
      registered.push(
        vscode.languages.registerWorkspaceSymbolProvider({ provideWorkspaceSymbols: () => everywhere }),
        vscode.languages.registerDocumentSymbolProvider(
          { pattern: "**/*.spun" },
          { provideDocumentSymbols: () => [wheel] },
        ),
      );
    });

    after(() => registered.forEach((each) => each.dispose()));

    it("are found by name, whole, once, and only those of the workspace", async () => {
      assert.deepEqual(await symbolsLike("Spin"), [
        { name: "spin", container: "machine", place: "source/shut.spun:11-13" },
        { name: "spinOnce", container: "Wheel", place: "source/open.spun:5-10" },
        { name: "respin", container: "", place: "source/shut.spun:3-4" },
      ]);
    });

    it("are found also where one extension does not answer, and another fails", async () => {
      const silent = vscode.languages.registerDocumentSymbolProvider(
        { pattern: "**/*.spun" },
        { provideDocumentSymbols: () => new Promise(() => undefined) },
      );
      const broken = vscode.languages.registerWorkspaceSymbolProvider({
        provideWorkspaceSymbols: () => Promise.reject(new Error("broken")),
      });
      const names = (await symbolsLike("spin")).map(({ name }) => name);
      silent.dispose();
      broken.dispose();
      assert.deepEqual(names, ["spin", "spinOnce", "respin"]);
    });

    it("are found by some of their letters", async () => {
      assert.deepEqual(await symbolsLike("whl"), [{ name: "Wheel", container: "", place: "source/open.spun:2-21" }]);
      assert.deepEqual(await symbolsLike("lhw"), []);
    });
  });
}

function lines(from: number, to: number): vscode.Range {
  return new Range(from, 0, to, 1);
}

import { applyPatch, parsePatch, reversePatch } from "diff";
import { isAbsolute, join } from "node:path";
import * as vscode from "vscode";
import type { FileUpdateChange } from "../protocol/types";

const SCHEME = "spindled-proposed";

/** How the files of a patch look on its other side, as read-only documents for the native diff editor. */
export class ProposedFiles implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  private count = 0;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** Opens the diff of one file, or of several in one editor. `applied`: the files already have the changes. */
  async show(changes: FileUpdateChange[], cwd: string, applied: boolean, title: string): Promise<void> {
    const rows = await Promise.all(changes.map((change) => this.row(change, cwd, applied)));
    const [first] = rows;
    if (!first) return;
    if (rows.length === 1) await vscode.commands.executeCommand("vscode.diff", first.before, first.after, title);
    else
      await vscode.commands.executeCommand(
        "vscode.changes",
        title,
        rows.map(({ file, before, after }) => [file, before, after]),
      );
  }

  dispose(): void {
    this.registration.dispose();
    this.texts.clear();
  }

  private async row(change: FileUpdateChange, cwd: string, applied: boolean) {
    const file = vscode.Uri.file(isAbsolute(change.path) ? change.path : join(cwd, change.path));
    const now = await contentOf(file);
    const { before, after } = applied ? backwards(change, now) : forwards(change, now);
    return {
      file,
      before: before === now ? file : this.document(file, before),
      after: after === now && applied ? file : this.document(file, after),
    };
  }

  private document(file: vscode.Uri, text: string): vscode.Uri {
    const uri = file.with({ scheme: SCHEME, query: String(++this.count) });
    this.texts.set(uri.toString(), text);
    return uri;
  }
}

interface Sides {
  before: string;
  after: string;
}

function forwards({ kind, diff }: FileUpdateChange, now: string): Sides {
  if (kind.type === "add") return { before: "", after: diff };
  if (kind.type === "delete") return { before: now, after: "" };
  return { before: now, after: patched(now, diff) };
}

function backwards({ kind, diff }: FileUpdateChange, now: string): Sides {
  if (kind.type === "add") return { before: "", after: now };
  if (kind.type === "delete") return { before: diff, after: "" };
  const [patch] = parsePatch(diff);
  const before = patch ? applyPatch(now, reversePatch(patch), { fuzzFactor: 2 }) : false;
  return { before: before === false ? now : before, after: now };
}

/** Where the file has changed since, what the patch itself says is shown. */
function patched(now: string, diff: string): string {
  const after = applyPatch(now, diff, { fuzzFactor: 2 });
  return after === false ? diff : after;
}

/** As it is in the editor, saved or not. */
async function contentOf(file: vscode.Uri): Promise<string> {
  try {
    return (await vscode.workspace.openTextDocument(file)).getText();
  } catch {
    return "";
  }
}

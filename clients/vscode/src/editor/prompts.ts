import * as vscode from "vscode";

export type Task = "fix" | "explain" | "refactor";

/** What is asked about a place in a file, or about the selection. Undefined where there is nothing to ask about. */
export function promptOf(task: Task, file?: vscode.Uri, range?: vscode.Range, problem?: string): string | undefined {
  const editor = vscode.window.activeTextEditor;
  const uri = file ?? editor?.document.uri;
  const place = range ?? editor?.selection;
  if (!uri || !place) return undefined;
  const where = placeOf(uri, place);
  switch (task) {
    case "fix":
      return problem ? `Fix this problem at ${where}:\n\n${problem}` : `Find and fix what is wrong at ${where}.`;
    case "explain":
      return `Explain the code at ${where}.`;
    case "refactor":
      return `Refactor the code at ${where} so that it is easier to read and does the same.`;
  }
}

export function mentionOf(editor: vscode.TextEditor | undefined): string | undefined {
  return editor && `@${placeOf(editor.document.uri, editor.selection)}`;
}

/** A path with its lines, as people and models write it. */
export function placeOf(uri: vscode.Uri, { start, end }: vscode.Range): string {
  const path = vscode.workspace.asRelativePath(uri, false);
  if (start.isEqual(end)) return `${path}:${start.line + 1}`;
  return `${path}:${start.line + 1}-${end.line + 1}`;
}

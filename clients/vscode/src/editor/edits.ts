import * as vscode from "vscode";
import type {
  ApplyWorkspaceEditParams,
  ApplyWorkspaceEditRequest,
  ApplyWorkspaceEditResult,
  CancellationToken,
} from "vscode-languageclient/node";

/**
 * Edits of the agent go into the editor's buffers, undoable in one step. What was saved before is saved again, so that
 * commands see it; what somebody was typing in stays unsaved.
 */
export async function handleApplyEdit(
  params: ApplyWorkspaceEditParams,
  next: ApplyWorkspaceEditRequest.HandlerSignature,
): Promise<ApplyWorkspaceEditResult> {
  const saved = documentsOf(params).filter((document) => !document.isDirty);
  const result = (await next(params, NEVER)) as ApplyWorkspaceEditResult;
  if (result.applied) await Promise.all(saved.map((document) => document.save()));
  return result;
}

const NEVER: CancellationToken = new vscode.CancellationTokenSource().token;

function documentsOf({ edit }: ApplyWorkspaceEditParams): vscode.TextDocument[] {
  const changed = new Set([
    ...Object.keys(edit.changes ?? {}),
    ...(edit.documentChanges ?? []).flatMap((each) => ("textDocument" in each ? [each.textDocument.uri] : [])),
  ]);
  const paths = new Set([...changed].map((uri) => vscode.Uri.parse(uri).toString()));
  return vscode.workspace.textDocuments.filter((document) => paths.has(document.uri.toString()));
}

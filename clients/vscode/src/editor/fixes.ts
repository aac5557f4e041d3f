import * as vscode from "vscode";

const KINDS = [vscode.CodeActionKind.QuickFix, vscode.CodeActionKind.Refactor];

/** The light bulb: problems can be fixed, a selection explained or refactored. */
export function fixes(): vscode.Disposable {
  return vscode.languages.registerCodeActionsProvider(
    { scheme: "file" },
    { provideCodeActions: actionsFor },
    { providedCodeActionKinds: KINDS },
  );
}

export function actionsFor(
  document: vscode.TextDocument,
  range: vscode.Range,
  { diagnostics }: vscode.CodeActionContext,
): vscode.CodeAction[] {
  const fix = diagnostics.map((diagnostic) => {
    const title = vscode.l10n.t("Fix with agent: {0}", diagnostic.message);
    const action = actionOf("spindled.agent.fix", title, KINDS[0], [
      document.uri,
      diagnostic.range,
      diagnostic.message,
    ]);
    action.diagnostics = [diagnostic];
    return action;
  });
  if (range.isEmpty) return fix;
  return [
    ...fix,
    actionOf("spindled.agent.explain", vscode.l10n.t("Explain with agent"), KINDS[1], [document.uri, range]),
    actionOf("spindled.agent.refactor", vscode.l10n.t("Refactor with agent"), KINDS[1], [document.uri, range]),
  ];
}

function actionOf(command: string, title: string, kind: vscode.CodeActionKind | undefined, given: unknown[]) {
  const action = new vscode.CodeAction(title, kind);
  action.command = { command, title, arguments: given };
  return action;
}

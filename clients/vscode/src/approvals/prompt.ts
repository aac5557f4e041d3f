import * as vscode from "vscode";
import type { Answer, Decision, Question, Questions } from "./questions";

/**
 * A notification for each question that opens while the chat is out of sight; it is one of two places to answer, and a
 * notification that is closed leaves the question open in the chat.
 */
export function promptFor(question: Question, questions: Questions, show: () => void): void {
  const choices = choicesOf(question);
  const open = vscode.l10n.t("Show");
  void vscode.window
    .showWarningMessage(titleOf(question), { detail: detailOf(question) }, ...choices.map(([label]) => label), open)
    .then((picked) => {
      if (picked === open) return show();
      const decision = choices.find(([label]) => label === picked)?.[1];
      if (decision) questions.answer(question.key, { decision } satisfies Answer);
    });
}

function choicesOf(question: Question): [string, Decision][] {
  if (question.kind === "input") return [];
  return [
    [vscode.l10n.t("Approve"), "accept"],
    [vscode.l10n.t("Decline"), "decline"],
  ];
}

function titleOf(question: Question): string {
  switch (question.kind) {
    case "command":
      return vscode.l10n.t("The agent asks to run: {0}", question.params.command ?? "");
    case "changes":
      return vscode.l10n.t("The agent asks to change {0} file(s).", question.changes.length);
    case "input":
      return question.params.questions[0]?.question ?? vscode.l10n.t("The agent has a question.");
  }
}

function detailOf(question: Question): string | undefined {
  return question.kind === "input" ? undefined : (question.params.reason ?? undefined);
}

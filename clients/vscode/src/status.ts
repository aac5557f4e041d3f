import * as vscode from "vscode";
import type { DaemonState } from "./chat/messages";

/** The status bar: whether the agent works, or waits for somebody. */
export class Status implements vscode.Disposable {
  private shown = "";
  private readonly item = vscode.window.createStatusBarItem("spindled.status", vscode.StatusBarAlignment.Right);

  constructor() {
    this.item.name = vscode.l10n.t("Agent");
    this.item.command = "spindled.agent.open";
  }

  /** Cheap where nothing is new: it comes with every delta. */
  update(daemon: DaemonState, running: boolean, questions: number): void {
    const news = [daemon.is, running, questions].join();
    if (news === this.shown) return;
    this.shown = news;
    this.item.text = `${iconOf(daemon, running, questions)} ${vscode.l10n.t("Agent")}`;
    this.item.tooltip = tooltipOf(daemon, running, questions);
    this.item.backgroundColor = questions ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }
}

function iconOf(daemon: DaemonState, running: boolean, questions: number): string {
  if (daemon.is !== "running") return daemon.is === "starting" ? "$(loading~spin)" : "$(warning)";
  if (questions) return "$(question)";
  return running ? "$(sync~spin)" : "$(comment-discussion)";
}

function tooltipOf(daemon: DaemonState, running: boolean, questions: number): string {
  if (daemon.is !== "running") return vscode.l10n.t("The daemon does not run.");
  if (questions) return vscode.l10n.t("The agent waits for your answer.");
  return running ? vscode.l10n.t("The agent works.") : vscode.l10n.t("The agent is ready.");
}

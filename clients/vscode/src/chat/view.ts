import * as vscode from "vscode";
import { CHAT_VIEW } from "./id";
import { type FromView, type ToView } from "./messages";
import { page } from "./page";

/** The web view in the side bar. It may come and go; what it shows is kept by others and sent again when it is ready. */
export class ChatView implements vscode.WebviewViewProvider {
  private view: vscode.WebviewView | undefined;
  private ready = false;

  constructor(
    private readonly dist: vscode.Uri,
    private readonly receive: (message: FromView) => void,
  ) {}

  get visible(): boolean {
    return this.view?.visible ?? false;
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    this.ready = false;
    view.webview.options = { enableScripts: true, localResourceRoots: [this.dist] };
    view.webview.onDidReceiveMessage((message: FromView) => {
      if (message.type === "ready") this.ready = true;
      this.receive(message);
    });
    view.onDidDispose(() => {
      this.view = undefined;
      this.ready = false;
    });
    view.webview.html = page(view.webview, this.dist, vscode.l10n.bundle);
  }

  /** Nothing happens while there is no view: it asks for everything when it comes. */
  send(message: ToView): void {
    if (this.ready) void this.view?.webview.postMessage(message);
  }

  async focus(): Promise<void> {
    await vscode.commands.executeCommand(`${CHAT_VIEW}.focus`);
    this.send({ type: "focus" });
  }
}

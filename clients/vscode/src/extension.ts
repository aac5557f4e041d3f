import * as vscode from "vscode";
import type { Session } from "./session";
import { CHAT_VIEW } from "./chat/id";
import { register } from "./commands";
import { fixes } from "./editor/fixes";

let session: Session | undefined;

/** Registers what there is; the rest is loaded when somebody uses it. */
export function activate(context: vscode.ExtensionContext): { session(): Session } {
  const output = vscode.window.createOutputChannel("spindled", { log: true });
  const open = (): Session => {
    if (!session) {
      const { Session } = require("./session.js") as typeof import("./session");
      session = new Session(context, output);
    }
    return session;
  };
  context.subscriptions.push(
    output,
    vscode.window.registerWebviewViewProvider(CHAT_VIEW, {
      resolveWebviewView: (view) => open().view.resolveWebviewView(view),
    }),
    fixes(),
    ...register(open, output),
  );
  return { session: open };
}

export async function deactivate(): Promise<void> {
  session?.dispose();
  session = undefined;
}

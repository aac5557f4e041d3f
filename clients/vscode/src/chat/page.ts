import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/**
 * The view's page: our own script and style and nothing else, no inline script, no network. `strings`: the translations of
 * the user's language.
 */
export function page(
  webview: Pick<vscode.Webview, "asWebviewUri" | "cspSource">,
  dist: vscode.Uri,
  strings: Record<string, string> = {},
): string {
  const nonce = randomBytes(16).toString("base64url");
  const script = webview.asWebviewUri(vscode.Uri.joinPath(dist, "view.js"));
  const style = webview.asWebviewUri(vscode.Uri.joinPath(dist, "view.css"));
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `img-src data:`,
    `font-src ${webview.cspSource}`,
  ].join("; ");
  return `<!doctype html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>${escaped(vscode.l10n.t("Agent"))}</title>
<link rel="stylesheet" href="${style}">
</head>
<body>
<div id="app" data-strings="${escaped(JSON.stringify(strings))}"></div>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { page as pageOf } from "../../src/chat/page";

export function page(): void {
  describe("the view's page", () => {
    const webview = { asWebviewUri: (uri: vscode.Uri) => uri, cspSource: "https://source" };
    const draw = (strings?: Record<string, string>) => pageOf(webview, vscode.Uri.file("/dist"), strings);

    it("has the translations, whatever they hold", () => {
      const strings = { Send: 'Envoyer "<b>" & &amp; </script>', "{0} s": "{0}\u00a0s" };
      const [, attribute] = /data-strings="([^"]*)"/.exec(draw(strings))!;
      const text = attribute!.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
      assert.deepEqual(JSON.parse(text), strings);
      assert.ok(!draw(strings).includes("<b>"));
    });

    it("runs its own script only", () => {
      const [one, other] = [draw(), draw()];
      const [, policy] = /content="(default-src 'none';[^"]*)"/.exec(one)!;
      const [, nonce] = /script-src 'nonce-([\w-]{20,})'/.exec(policy!)!;
      assert.ok(!policy!.includes("unsafe"));
      assert.deepEqual(one.match(/<script[^>]*>/g), [`<script nonce="${nonce}" src="file:///dist/view.js">`]);
      assert.ok(!other.includes(nonce!));
    });
  });
}

/** What is built, as esbuild takes it. */

/** What runs in the extension host. Activation loads the first one, the first use of anything the other. */
export const host = {
  entryPoints: ["src/extension.ts", "src/session.ts"],
  outdir: "dist",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode", "./session.js"],
};

/** What runs in the web view. */
export const view = {
  entryPoints: { view: "webview/main.tsx" },
  outdir: "dist",
  bundle: true,
  platform: "browser",
  format: "iife",
  target: "chrome120",
  jsx: "automatic",
  jsxImportSource: "preact",
};

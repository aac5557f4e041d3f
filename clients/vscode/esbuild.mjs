import { build, context } from "esbuild";

const watch = process.argv.includes("--watch");
const common = { bundle: true, minify: !watch, sourcemap: watch, logLevel: "info" };

const bundles = [
  {
    ...common,
    entryPoints: ["src/extension.ts", "src/session.ts"],
    outdir: "dist",
    platform: "node",
    format: "cjs",
    target: "node20",
    // The session is loaded on first use.
    external: ["vscode", "./session.js"],
  },
  {
    ...common,
    entryPoints: { view: "webview/main.tsx" },
    outdir: "dist",
    platform: "browser",
    format: "iife",
    target: "chrome120",
    jsx: "automatic",
    jsxImportSource: "preact",
  },
];

for (const bundle of bundles) {
  if (watch) await (await context(bundle)).watch();
  else await build(bundle);
}

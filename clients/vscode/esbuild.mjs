import { build, context } from "esbuild";
import { host, view } from "./bundles.mjs";

const watch = process.argv.includes("--watch");

for (const bundle of [host, view]) {
  const options = { ...bundle, minify: !watch, sourcemap: watch, logLevel: "info" };
  if (watch) await (await context(options)).watch();
  else await build(options);
}

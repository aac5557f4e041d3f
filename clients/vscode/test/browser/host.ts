import { cp } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const SOURCE = join(__dirname, "../host");

/** Puts the extension that runs tests in the extension host among the others, and a stand-in for that of Python. */
export async function installTests(extensions: string): Promise<void> {
  await install("run.ts", SOURCE, join(extensions, "spindled.host-tests-0.1.0"));
  await install("extension.ts", join(SOURCE, "python"), join(extensions, "ms-python.python-0.1.0"));
}

async function install(main: string, source: string, target: string): Promise<void> {
  await build({
    entryPoints: [join(source, main)],
    outdir: target,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    logLevel: "warning",
  });
  await cp(join(source, "package.json"), join(target, "package.json"));
}

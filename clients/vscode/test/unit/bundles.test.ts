import { build } from "esbuild";
import { expect, test } from "vitest";
import { host } from "../../bundles.mjs";

test("activation loads our own few modules: no library, no language client, nothing of the session", async () => {
  const { metafile } = await build({ ...host, metafile: true, write: false } as Parameters<typeof build>[0]);
  const inputs = (name: string) => Object.keys(metafile!.outputs[`dist/${name}.js`]!.inputs);
  expect(inputs("session")).toContain("src/daemon/daemon.ts");
  expect(inputs("extension").sort()).toEqual([
    "src/chat/id.ts",
    "src/commands.ts",
    "src/editor/fixes.ts",
    "src/editor/prompts.ts",
    "src/extension.ts",
  ]);
});

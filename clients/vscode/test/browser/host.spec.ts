import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import type { Report } from "../host/report";
import { Editor } from "./editor";
import { installTests } from "./host";

for (const which of ["trusted", "restricted"]) {
  test(`in the extension host of a ${which} window`, async ({ page }, info) => {
    test.setTimeout(300_000);
    const report = info.outputPath("report.json");
    const editor = await Editor.start({
      trusted: which === "trusted",
      settings: which === "trusted" ? { "spindled.path": "" } : {},
      prepare: installTests,
      environment: { HOST_TESTS: which, HOST_TESTS_REPORT: report, HOST_TESTS_SOURCE: join(__dirname, "../..") },
    });
    try {
      await page.goto(editor.url);
      const { passed, failed, figures } = await reported(report);
      for (const line of [...passed, ...figures]) console.log(`    ${line}`);
      expect(failed).toEqual([]);
      expect(passed).not.toEqual([]);
    } finally {
      await page.close();
      await editor.stop();
    }
  });
}

/** The report, once it is whole. */
async function reported(path: string): Promise<Report> {
  const read = async () => {
    const text = await readFile(path, "utf8").catch(() => "");
    return text.endsWith("}") ? (JSON.parse(text) as Report) : null;
  };
  await expect.poll(read, { timeout: 240_000 }).not.toBeNull();
  return (await read())!;
}

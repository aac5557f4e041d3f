import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import type { AxeResults } from "axe-core";

/** What keeps people from using the view as it is now: the rule, and the elements that break it. */
export async function barriers(page: Page): Promise<[string, string[]][]> {
  const frame = page.frames().find((each) => each.url().includes("fake.html"))!;
  await frame.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = (await frame.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as AxeResults;
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => [id, nodes.map((node) => `${node.html}: ${node.failureSummary}`)]);
}

import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type MochaType from "mocha";
import { activation } from "./activation";
import { daemon } from "./daemon";
import { edits } from "./edits";
import { page } from "./page";
import { type Report, figures } from "./report";
import { restricted } from "./restricted";
import { symbols } from "./symbols";

const SUITES = { trusted: [activation, daemon, edits, symbols, page], restricted: [restricted] };

/** An extension that runs tests beside the one that they are about, in the same process, and writes a report. */
export async function activate(): Promise<void> {
  const { HOST_TESTS: which, HOST_TESTS_REPORT: report, HOST_TESTS_SOURCE: source } = process.env;
  if (!which || !report || !source) return;
  await writeFile(report, JSON.stringify(await run(SUITES[which as keyof typeof SUITES], source)));
}

async function run(suites: (() => void)[], source: string): Promise<Report> {
  const passed: string[] = [];
  const failed: string[] = [];
  try {
    const Mocha = createRequire(join(source, "package.json"))("mocha") as typeof MochaType;
    const mocha = new Mocha({ ui: "bdd", reporter: "base", timeout: 60_000 });
    mocha.suite.emit("pre-require", globalThis, "", mocha);
    for (const define of suites) define();
    await new Promise((resolve) => {
      mocha
        .run(resolve)
        .on("pass", (test) => passed.push(test.fullTitle()))
        .on("fail", (test, error: Error) => failed.push(`${test.fullTitle()}\n${error.stack ?? error.message}`));
    });
  } catch (error) {
    failed.push(String((error as Error).stack));
  }
  return { passed, failed, figures };
}

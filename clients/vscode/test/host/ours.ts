import { readFile, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as vscode from "vscode";
import type { Session } from "../../src/session";

/** The extension that the tests are about. */
export const ours = vscode.extensions.getExtension<{ session(): Session }>("spindled.spindled")!;

/** The command lines of the daemons that this host has started. */
export async function daemons(): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((each) => /^\d+$/.test(each));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(`unix://${tmpdir()}/`));
}

/** Until the event comes and says what is waited for. */
export function next<T>(event: vscode.Event<T>, wanted: (what: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    const listening = event((what) => {
      if (!wanted(what)) return;
      listening.dispose();
      resolve(what);
    });
  });
}

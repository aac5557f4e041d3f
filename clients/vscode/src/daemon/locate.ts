import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join } from "node:path";

const NAMES = process.platform === "win32" ? ["spindled.exe", "spindled.cmd"] : ["spindled"];

export interface Places {
  /** The setting `spindled.path`; nothing else is looked at where it says something. */
  setting: string;
  /** The interpreter of the selected Python environment, if one is selected. */
  interpreter: string | undefined;
  /** The variable PATH. */
  path: string;
}

export type Located = { found: string } | { tried: string[] };

/** The daemon's executable: as set, of the selected Python environment, on PATH, in this order. */
export async function locate(places: Places): Promise<Located> {
  const tried: string[] = [];
  for (const candidate of candidates(places)) {
    if (await isExecutable(candidate)) return { found: candidate };
    tried.push(candidate);
  }
  return { tried };
}

function* candidates({ setting, interpreter, path }: Places): Iterable<string> {
  if (setting && isAbsolute(setting)) {
    yield setting;
    return;
  }
  if (setting) {
    yield* on(path, [setting]);
    return;
  }
  if (interpreter) yield* NAMES.map((name) => join(dirname(interpreter), name));
  yield* on(path, NAMES);
}

function* on(path: string, names: string[]): Iterable<string> {
  for (const folder of path.split(delimiter)) {
    // A relative entry would name another program in each folder.
    if (isAbsolute(folder)) yield* names.map((name) => join(folder, name));
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

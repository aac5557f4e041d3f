import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { locate } from "../../src/daemon/locate";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "locate-"));
});

async function program(...parts: string[]): Promise<string> {
  const path = join(root, ...parts);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, "#!/bin/sh\n");
  await chmod(path, 0o755);
  return path;
}

test("the setting goes before the environment, the environment before PATH", async () => {
  const set = await program("set", "mine");
  const ofEnvironment = await program("venv", "bin", "spindled");
  const onPath = await program("path", "spindled");
  const path = join(root, "path");
  const interpreter = join(root, "venv", "bin", "python");
  expect(await locate({ setting: set, interpreter, path })).toEqual({ found: set });
  expect(await locate({ setting: "", interpreter, path })).toEqual({ found: ofEnvironment });
  expect(await locate({ setting: "", interpreter: undefined, path })).toEqual({ found: onPath });
});

test("a setting that names nothing is not passed over", async () => {
  await program("path", "spindled");
  const nothing = join(root, "nothing");
  expect(await locate({ setting: nothing, interpreter: undefined, path: join(root, "path") })).toEqual({
    tried: [nothing],
  });
});

test("a name in the setting is looked for on PATH, and only in absolute folders", async () => {
  const mine = await program("path", "mine");
  const path = ["relative", join(root, "path")].join(delimiter);
  expect(await locate({ setting: "mine", interpreter: undefined, path })).toEqual({ found: mine });
});

test("folders and files that cannot be run are not programs", async () => {
  await mkdir(join(root, "a", "spindled"), { recursive: true });
  await mkdir(join(root, "b"));
  await writeFile(join(root, "b", "spindled"), "");
  const path = [join(root, "a"), join(root, "b")].join(delimiter);
  expect(await locate({ setting: "", interpreter: undefined, path })).toEqual({
    tried: [join(root, "a", "spindled"), join(root, "b", "spindled")],
  });
});

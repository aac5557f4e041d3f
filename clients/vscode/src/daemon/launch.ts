import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { type Socket, connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { l10n } from "vscode";

const PATIENCE_MS = 20_000;
const POLL_MS = 25;
/** The daemon outlives a reload of the window by far, and a closed window not by much. */
const IDLE_SECONDS = 120;

export interface Launch {
  executable: string;
  arguments: string[];
  /** Where the socket and the log go; private to the user. */
  folder: string;
  /** What the daemon is about: another identity gets another daemon. */
  identity: string;
  cwd: string | undefined;
}

/** The daemon ended before it could be reached; `log` is where it may have said why. */
export class LaunchError extends Error {
  constructor(
    message: string,
    readonly log: string,
  ) {
    super(message);
  }
}

/**
 * A connection to the daemon of this window, which is started if it does not run. It is not our child: it outlives a
 * reload of the window, and ends by itself when nobody is connected and nothing runs.
 */
export async function reach(launch: Launch): Promise<Socket> {
  await mkdir(launch.folder, { recursive: true, mode: 0o700 });
  const address = addressOf(launch);
  return (await dial(address)) ?? (await start(launch, address));
}

function addressOf({ folder, identity }: Launch): string {
  const name = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  return process.platform === "win32"
    ? `\\\\.\\pipe\\spindled-${userInfo().username}-${name}`
    : join(folder, `${name}.sock`);
}

function dial(address: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", () => resolve(undefined));
  });
}

async function start(launch: Launch, address: string): Promise<Socket> {
  const log = join(launch.folder, "daemon.log");
  const where = ["--listen", `unix://${address}`, "--idle", String(IDLE_SECONDS), "--log-file", log];
  const child = spawn(launch.executable, [...launch.arguments, ...where], {
    cwd: launch.cwd,
    detached: true,
    stdio: "ignore",
  });
  let end: string | undefined;
  child.once("error", (error) => (end = error.message));
  child.once("exit", (code, signal) => (end = l10n.t("it ended with {0}", signal ?? String(code))));
  child.unref();
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    const socket = await dial(address);
    if (socket) return socket;
    if (end) throw new LaunchError(`${launch.executable}: ${end}`, log);
    await sleep(POLL_MS);
  }
  throw new LaunchError(l10n.t("{0} does not listen after {1} s", launch.executable, PATIENCE_MS / 1000), log);
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const EXTENSION = join(__dirname, "../..");
const SHIPPED = ["dist", "l10n", "media", "package.json", "package.nls.json"];

/** Where scripts/editor.py has put a code-server and the node that it needs. */
function tools(): { node: string; server: string } {
  const folder = process.env["SPINDLED_EDITOR"];
  if (!folder) throw new Error("SPINDLED_EDITOR names no folder with a code-server");
  return {
    node: process.env["SPINDLED_EDITOR_NODE"] ?? process.execPath,
    server: join(folder, "node_modules/code-server/out/node/entry.js"),
  };
}

export interface EditorOptions {
  settings?: Record<string, unknown>;
  trusted?: boolean;
  /** Puts more extensions into the folder. */
  prepare?: (extensions: string) => Promise<void>;
  environment?: Record<string, string>;
}

/** A VS Code in the browser, with our extension, a workspace and a home of its own. */
export class Editor {
  private constructor(
    readonly url: string,
    readonly workspace: string,
    readonly home: string,
    private readonly process: ChildProcess,
    private readonly root: string,
  ) {}

  static async start(options: EditorOptions = {}): Promise<Editor> {
    const root = await mkdtemp(join(tmpdir(), "spindled-editor-"));
    const [workspace, home, data, extensions] = ["workspace", "home", "data", "extensions"].map((each) =>
      join(root, each),
    ) as [string, string, string, string];
    const ours = join(extensions, "spindled.spindled-0.1.0");
    for (const folder of [workspace, home, ours, join(data, "User"), join(data, "Machine")])
      await mkdir(folder, { recursive: true });
    for (const each of SHIPPED) await cp(join(EXTENSION, each), join(ours, each), { recursive: true });
    await options.prepare?.(extensions);
    await writeFile(userSettings(root), JSON.stringify(DEFAULTS));
    await writeFile(join(data, "Machine", "settings.json"), JSON.stringify({ ...scripted(), ...options.settings }));
    const port = await freePort();
    const { node, server } = tools();
    const flags = [
      "--auth",
      "none",
      "--disable-telemetry",
      "--disable-update-check",
      "--disable-getting-started-override",
    ];
    if (options.trusted !== false) flags.push("--disable-workspace-trust");
    const child = spawn(
      node,
      [
        server,
        ...flags,
        "--bind-addr",
        `127.0.0.1:${port}`,
        "--user-data-dir",
        data,
        "--extensions-dir",
        extensions,
        workspace,
      ],
      {
        env: {
          ...process.env,
          HOME: home,
          SPINDLED_HOME: join(home, "spindled"),
          TMPDIR: root,
          EXTENSIONS_GALLERY: '{"serviceUrl":""}',
          ...options.environment,
        },
        stdio: ["ignore", "pipe", "inherit"],
        detached: true,
      },
    );
    await listening(child);
    return new Editor(
      `http://127.0.0.1:${port}/?folder=${encodeURIComponent(workspace)}`,
      workspace,
      home,
      child,
      root,
    );
  }

  /** The user's settings, for a window that is opened after this. */
  async configure(settings: Record<string, unknown>): Promise<void> {
    await writeFile(userSettings(this.root), JSON.stringify({ ...DEFAULTS, ...settings }));
  }

  /** Nobody else's: its home is ours alone. */
  async killDaemon(): Promise<void> {
    for (const pid of await this.daemons()) process.kill(pid, "SIGKILL");
  }

  async stop(): Promise<void> {
    const ended = once(this.process, "exit");
    process.kill(-this.process.pid!, "SIGTERM");
    await ended;
    await this.killDaemon();
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The daemons that listen below our folder. */
  private async daemons(): Promise<number[]> {
    const found: number[] = [];
    for (const pid of (await readdir("/proc")).filter((each) => /^\d+$/.test(each))) {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (command.includes(`unix://${this.root}/`)) found.push(Number(pid));
    }
    return found;
  }
}

function userSettings(root: string): string {
  return join(root, "data", "User", "settings.json");
}

function scripted(): Record<string, unknown> {
  const path = process.env["SPINDLED_EXECUTABLE"];
  if (!path) throw new Error("SPINDLED_EXECUTABLE does not name the daemon");
  return {
    "spindled.path": path,
    "spindled.arguments": ["-c", "model_provider=scripted", "-c", "tools.update_plan.enabled=true"],
  };
}

const DEFAULTS = {
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Dark Modern",
  "telemetry.telemetryLevel": "off",
  "chat.disableAIFeatures": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "files.autoSave": "off",
  "security.workspace.trust.startupPrompt": "never",
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Until it says so; what it says afterwards is read and dropped. */
function listening(child: ChildProcess): Promise<void> {
  let seen = "";
  return new Promise((resolve, reject) => {
    child.stdout!.on("data", (chunk) => {
      seen += String(chunk);
      if (seen.includes("HTTP server listening")) resolve();
    });
    child.once("exit", () => reject(new Error(`the editor does not start:\n${seen}`)));
  });
}

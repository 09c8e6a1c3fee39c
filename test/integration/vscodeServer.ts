import { execFileSync, spawn, type ChildProcessByStdio } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { InstalledVscode } from "./installVscode.ts";
import { descendants, type Process } from "./processes.ts";

const SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.reduceMotion": "on",
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "window.autoDetectColorScheme": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "update.showReleaseNotes": false,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "editor.minimap.enabled": false,
  "files.simpleDialog.enable": true,
  "json.schemaDownload.enable": false,
  "chat.commandCenter.enabled": false,
  "chat.disableAIFeatures": true,
};

/** Runs VS Code's server program with the folders and the environment of one test file. */
class ServerProgram {
  private readonly main: string;
  private readonly folders: readonly string[];
  private readonly env: NodeJS.ProcessEnv;

  /** @param root the folder of everything that the server writes */
  constructor(
    private readonly vscode: InstalledVscode,
    root: string,
    environment: NodeJS.ProcessEnv,
  ) {
    this.main = join(vscode.server, "out/server-main.js");
    this.env = { ...baseEnvironment(root), ...environment };
    this.folders = [
      "--server-data-dir",
      join(root, "server"),
      "--user-data-dir",
      join(root, "data"),
      "--extensions-dir",
      join(root, "extensions"),
      "--telemetry-level",
      "off",
    ];
  }

  /** Installs a packaged extension as a user would install it. */
  install(vsix: string): void {
    const what = ["--accept-server-license-terms", ...this.folders, "--install-extension", vsix];
    execFileSync(this.vscode.node, [this.main, ...what], { env: this.env, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Starts the server, which leads a process group of its own. */
  listen(port: number): ServerProcess {
    const address = ["--host", "127.0.0.1", "--port", String(port), "--without-connection-token"];
    // A login shell would put a PATH of its own before all others, which is not the environment of this test.
    const start = ["--accept-server-license-terms", "--force-disable-user-env"];
    return spawn(this.vscode.node, [this.main, ...address, ...start, ...this.folders], {
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  }
}

type ServerProcess = ChildProcessByStdio<null, Readable, Readable>;

/** One server with its own user data, extensions and home for settings; it listens on loopback only. */
export class VscodeServer {
  private constructor(
    readonly root: string,
    readonly address: string,
    private readonly child: ServerProcess,
    private readonly program: ServerProgram,
  ) {}

  /** @param vsix the packaged extension, installed as a user would install it */
  static async start(
    vscode: InstalledVscode,
    vsix: string,
    settings: Record<string, unknown> = {},
    environment: NodeJS.ProcessEnv = {},
  ): Promise<VscodeServer> {
    const root = mkdtempSync(join(tmpdir(), "adept-vscode-"));
    const user = join(root, "data/User");
    mkdirSync(user, { recursive: true });
    writeFileSync(join(user, "settings.json"), JSON.stringify({ ...SETTINGS, ...settings }));
    const program = new ServerProgram(vscode, root, environment);
    program.install(vsix);
    const port = await freePort();
    const server = new VscodeServer(root, `http://127.0.0.1:${port}`, program.listen(port), program);
    process.once("exit", () => {
      server.kill("SIGKILL");
    });
    await server.untilItAnswers();
    return server;
  }

  private async untilItAnswers(): Promise<void> {
    let output = "";
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    for (const end = Date.now() + 60_000; !(await answers(this.address));) {
      if (this.child.exitCode !== null || Date.now() > end)
        throw new Error(`VS Code's server did not start: ${output}`);
      await sleep(100);
    }
  }

  /** Returns the address of a window on a folder, on a workspace file, or on nothing. */
  url(folder: string | undefined): string {
    const query = new URLSearchParams();
    if (folder === undefined) query.set("ew", "true");
    else query.set(folder.endsWith(".code-workspace") ? "workspace" : "folder", folder);
    query.set(
      "payload",
      JSON.stringify([
        ["skipWelcome", "true"],
        ["skipReleaseNotes", "true"],
      ]),
    );
    return `${this.address}/?${query.toString()}`;
  }

  /** Installs another version of the extension, as an update does while windows are open. */
  update(vsix: string): void {
    this.program.install(vsix);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Returns the extension host of the window that was opened last, and the processes that it has started. */
  extensionHost(): { pid: number; children: Process[] } {
    const host = descendants(this.pid)
      .filter(({ command }) => command.includes("--type=extensionHost"))
      .sort((a, b) => a.pid - b.pid)
      .at(-1);
    if (host === undefined) throw new Error("no extension host");
    return { pid: host.pid, children: descendants(host.pid) };
  }

  /** Returns what the extension has logged in all windows, oldest first. */
  logged(): string {
    return readdirSync(this.root, { recursive: true })
      .map(String)
      .filter((file) => /ADePT\.log$/.test(file))
      .sort()
      .map((file) => readFileSync(join(this.root, file), "utf8"))
      .join("");
  }

  async stop(): Promise<void> {
    this.kill("SIGTERM");
    for (let waited = 0; this.child.exitCode === null && this.child.signalCode === null && waited < 3000; waited += 100)
      await sleep(100);
    this.kill("SIGKILL");
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Signals the server's whole process group, so that its extension hosts end with it. */
  private kill(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      /* it has ended */
    }
  }
}

function baseEnvironment(root: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS|NODE_TEST)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    HOME: process.env["HOME"] ?? homedir(),
    XDG_CONFIG_HOME: join(root, "config"),
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
  };
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/version`)).ok;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
      .once("error", reject)
      .listen(0, "127.0.0.1", () => {
        const bound = probe.address();
        probe.close(() => {
          if (typeof bound === "object" && bound !== null) resolve(bound.port);
          else reject(new Error("no port"));
        });
      });
  });
}

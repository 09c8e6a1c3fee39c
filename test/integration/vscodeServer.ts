import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
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

/** One server with its own user data, extensions and home for settings; listens on loopback only. */
export class VscodeServer {
  private constructor(
    readonly root: string,
    readonly address: string,
    private readonly child: ChildProcess,
    private readonly install: (vsix: string) => void,
  ) {}

  /** @param vsix the packaged extension, installed as a user would install it */
  static async start(
    vscode: InstalledVscode,
    vsix: string,
    settings: Record<string, unknown> = {},
    extra: NodeJS.ProcessEnv = {},
  ): Promise<VscodeServer> {
    const root = mkdtempSync(join(tmpdir(), "adept-vscode-"));
    const user = join(root, "data/User");
    mkdirSync(user, { recursive: true });
    writeFileSync(join(user, "settings.json"), JSON.stringify({ ...SETTINGS, ...settings }));
    const main = join(vscode.server, "out/server-main.js");
    const folders = [
      "--server-data-dir",
      join(root, "server"),
      "--user-data-dir",
      join(root, "data"),
      "--extensions-dir",
      join(root, "extensions"),
      "--telemetry-level",
      "off",
    ];
    const env = { ...environment(root), ...extra };
    const install = (file: string): void => {
      execFileSync(vscode.node, [main, "--accept-server-license-terms", ...folders, "--install-extension", file], {
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
    };
    install(vsix);
    const port = await freePort();
    // What a login shell would set, a PATH of its own before all, is not this test's environment.
    const child = spawn(
      vscode.node,
      [
        main,
        "--host",
        "127.0.0.1",
        "--port",
        String(port),
        "--without-connection-token",
        "--accept-server-license-terms",
        "--force-disable-user-env",
        ...folders,
      ],
      { env, stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    const server = new VscodeServer(root, `http://127.0.0.1:${port}`, child, install);
    process.once("exit", () => {
      server.kill("SIGKILL");
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    for (const end = Date.now() + 60_000; !(await answers(server.address));) {
      if (child.exitCode !== null || Date.now() > end) throw new Error(`VS Code's server did not start: ${output}`);
      await sleep(100);
    }
    return server;
  }

  url(folder: string | undefined): string {
    const query = new URLSearchParams(
      folder === undefined ? { ew: "true" } : folder.endsWith(".code-workspace") ? { workspace: folder } : { folder },
    );
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
    this.install(vsix);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The extension host of the window that was opened last, and the processes that it has started. */
  extensionHost(): { pid: number; children: Process[] } {
    const host = descendants(this.pid)
      .filter(({ command }) => command.includes("--type=extensionHost"))
      .sort((a, b) => a.pid - b.pid)
      .at(-1);
    if (host === undefined) throw new Error("no extension host");
    return { pid: host.pid, children: descendants(host.pid) };
  }

  /** What the extension has logged in all windows, the oldest first. */
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

  /** The server leads a group of its own, so that its extension hosts end with it. */
  private kill(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      /* it has ended */
    }
  }
}

function environment(root: string): NodeJS.ProcessEnv {
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

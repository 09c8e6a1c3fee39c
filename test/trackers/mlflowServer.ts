import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./liveRun.ts";

/** A tracking server of MLflow, of the test alone. */
export interface MlflowServer {
  address: string;
  end(): Promise<void>;
}

export const IS_DATABASE = process.env["ADEPT_MLFLOW_STORE"] === "sqlite";

/** A port of the loopback that nobody has. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/**
 * Starts MLflow's own server with its files in a folder of its own; with ADEPT_MLFLOW_STORE=sqlite with a database,
 * which takes long to make. A store of files keeps what is sent twice twice, which a database would hide.
 */
export async function mlflowServer(python: string): Promise<MlflowServer> {
  const folder = mkdtempSync(join(tmpdir(), "adept-mlflow-"));
  const port = await freePort();
  const args = ["--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  const kept = IS_DATABASE ? `sqlite:///${join(folder, "mlflow.db")}` : join(folder, "store");
  const store = ["--backend-store-uri", kept, "--artifacts-destination", join(folder, "artifacts")];
  // In a group of its own: the server has processes.
  const child = spawn(python, ["-m", "mlflow", "server", ...args, ...store], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      MLFLOW_ALLOW_FILE_STORE: "true",
      MLFLOW_DISABLE_TELEMETRY: "true",
      DO_NOT_TRACK: "true",
      MLFLOW_LOGGING_LEVEL: "ERROR",
    },
  });
  const ended = once(child, "exit");
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  const address = `http://127.0.0.1:${port}`;
  await until("MLflow's server", async () => {
    if (hasEnded) throw new Error(`MLflow's server ended with ${child.exitCode}`);
    try {
      return (await fetch(`${address}/health`)).ok ? true : undefined;
    } catch {
      return undefined;
    }
  });
  return {
    address,
    async end() {
      if (!hasEnded) process.kill(-child.pid!, "SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import * as z from "zod";
import { UserError } from "../base/errors.ts";
import { JobOutput } from "./workerJobs.ts";
import { ENDS_WITH_US, workerEnvironment, type WorkerPlace } from "./workerProcess.ts";

const DownloadMessage = z.object({
  progress: z.object({ file: z.string(), done: z.number(), total: z.number() }).optional(),
  error: JobOutput.shape.error,
});
type Progress = NonNullable<z.output<typeof DownloadMessage>["progress"]>;

/**
 * Downloads a model in a process of its own. When `signal` ends it, the loaded files stay, and the next download
 * continues from there.
 * @throws UserError with the reason of the failure
 */
export function downloadInWorker(
  { workerPath, nodePath, folder }: WorkerPlace,
  { name, out }: { name: string; out: string },
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: Progress) => void },
): Promise<void> {
  return new Promise((resolve, reject) => {
    mkdirSync(folder, { recursive: true });
    const child = spawn(nodePath, [workerPath, "download", name, "--out", out, ...ENDS_WITH_US], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
      env: workerEnvironment(),
    });
    let failed: Error | undefined;
    let stderr = "";
    signal.addEventListener(
      "abort",
      () => {
        child.kill("SIGTERM");
      },
      { once: true },
    );
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { progress, error } = DownloadMessage.safeParse(JSON.parse(line)).data ?? {};
      if (progress !== undefined) onProgress(progress);
      if (error !== undefined) failed = UserError.of(error);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(failed ?? new Error(`the download ended with ${code}: ${stderr.slice(-500)}`));
    });
  });
}

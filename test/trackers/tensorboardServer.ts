import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A TensorBoard that is open while something trains. */
export interface TensorboardServer {
  /** Step, value and seconds of each point that it shows of a run. */
  scalars(run: string, tag: string): Promise<[number, number, number][]>;
  end(): void;
}

/** Starts TensorBoard's own program on a free port of the loopback. */
export async function tensorboardServer(python: string, folder: string): Promise<TensorboardServer> {
  const args = ["--logdir", folder, "--port", "0", "--host", "127.0.0.1", "--reload_interval", "1"];
  const child = spawn(python, ["-m", "tensorboard.main", ...args, "--samples_per_plugin", "scalars=100000"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const address = await new Promise<string>((resolve, reject) => {
    child.on("error", reject).on("exit", (code) => {
      reject(new Error(`TensorBoard ended with ${code}`));
    });
    createInterface(child.stderr).on("line", (line) => {
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  return {
    async scalars(run, tag) {
      const query = new URLSearchParams({ run, tag });
      const answer = await fetch(`${address}/data/plugin/scalars/scalars?${query.toString()}`);
      if (!answer.ok) return [];
      // It answers with the time first.
      const points = (await answer.json()) as [number, number, number][];
      return points.map(([seconds, step, value]) => [step, value, seconds]);
    },
    end: () => {
      child.kill();
    },
  };
}

import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { tellRow } from "./checkRow.ts";
import { BACKBONE, CLI } from "./places.ts";

/** The mark of a whole run: the share of test mails that it must tell apart; most are ham, so more than their share. */
const MARK = 0.9;
/** The mark of a short run: the validation loss as a share of the untrained model's. */
const SHORT_MARK = 0.8;

const Evaluation = z.object({ label: z.string(), split: z.string(), step: z.number(), loss: z.number() });
const Outcome = z.object({
  status: z.string(),
  message: z.string().optional(),
  device: z.string().optional(),
  evaluations: z.array(Evaluation.extend({ metrics: z.record(z.string(), z.number()) })),
});

/** The sample of mails: on a processor a few steps, whose loss falls; on a graphics processor the whole run. */
function experimentOf(device: string, isShort: boolean): object {
  const limits = isShort
    ? { steps: 16, batchSize: 8, warmup: 2, evaluateEvery: 8, validationLimit: 32, testLimit: 32, maxSourceLength: 32 }
    : { steps: 600, batchSize: 32, warmup: 50, evaluateEvery: 150, validationLimit: 300, testLimit: 600 };
  return {
    name: "check",
    backbone: BACKBONE,
    task: { kind: "mail" },
    method: {
      kind: "adept",
      promptLength: 20,
      bottleneck: 39,
      promptInit: "text",
      initText: "choose ham or spam or positive or negative. text:",
    },
    training: { maxSourceLength: 96, learningRate: { prompt: 0.1, ffn: 0.001 }, selection: "loss", ...limits },
    seed: 0,
    engine: { device: "torch", torchDevice: device },
  };
}

/** Runs the command line; returns what it wrote. */
async function train(folder: string): Promise<{ code: number | null; out: string; words: string }> {
  const args = [
    CLI,
    "train",
    join(folder, "check.adept.json"),
    "--no-git",
    "--json",
    "--runs-dir",
    join(folder, "runs"),
  ];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let words = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2000)));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out, words };
}

/** A real run through the command line to its mark: `run FOLDER DEVICE short|whole`. */
export async function runPart([folder, device, length]: readonly string[]): Promise<void> {
  const isShort = length === "short";
  mkdirSync(folder!, { recursive: true });
  writeFileSync(join(folder!, "check.adept.json"), JSON.stringify(experimentOf(device!, isShort)));
  const began = performance.now();
  const { code, out, words } = await train(folder!);
  const seconds = (performance.now() - began) / 1000;
  const row = { bench: "run", case: `mail sample, ADePT, ${isShort ? "16" : "600"} steps`, unit: "s" };
  if (code !== 0) {
    tellRow({
      ...row,
      state: "failed",
      note: `adept train ended with ${code}: ${words.trim().split("\n").slice(-3).join(" ")}`,
    });
    return;
  }
  const { evaluations, status } = Outcome.parse(JSON.parse(out));
  const of = (label: string): z.infer<typeof Outcome>["evaluations"] =>
    evaluations.filter((each) => each.label === label);
  const trained = of("trained").at(-1)!;
  const untrained = of("untrained").at(-1);
  const accuracy = trained.metrics["accuracy"] ?? 0;
  const isThere = isShort ? untrained !== undefined && trained.loss < SHORT_MARK * untrained.loss : accuracy >= MARK;
  const wanted = isShort ? `a loss below ${SHORT_MARK} of the untrained model's` : `an accuracy of ${MARK}`;
  const losses = `loss ${trained.loss.toPrecision(4)}, untrained ${untrained?.loss.toPrecision(4) ?? "unknown"}`;
  tellRow({
    ...row,
    state: isThere && status === "finished" ? "done" : "failed",
    ours: { median: seconds, least: seconds, n: 1 },
    note: `${status}; ${trained.split} accuracy ${accuracy.toFixed(3)}, ${losses}; wanted: ${wanted}`,
  });
}

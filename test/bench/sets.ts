import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddRow } from "./report/benchRow.ts";
import { figures } from "./report/figures.ts";

/** Folders of real data and the task that each is. */
export const SETS: Record<string, string> = {
  boolq: "boolq",
  cb: "cb",
  cola: "cola",
  gsm8k: "gsm8k",
  mlqa_en: "squad",
  mnli: "mnli",
  multirc: "multirc",
  nq: "nq",
  paws_wiki: "paws",
  qnli: "qnli",
  scitail: "scitail",
  sst2: "sst2",
  stsb: "stsb",
  text: "text",
  trec: "trec",
  winogrande: "winogrande",
  wsc: "wsc",
  xquad_en: "squad",
};
const DATA = join(import.meta.dirname, "../../../shared/data");
const CLI = join(import.meta.dirname, "../../dist/cli.js");
interface Shown {
  evaluations: { split: string; label: string; loss: number; metrics: Record<string, number> }[];
  status: string;
  error?: { message: string };
}

function experiment(set: string, task: string): object {
  return {
    name: set,
    task:
      task === "text"
        ? { kind: "text", folder: join(DATA, set) }
        : { kind: "named", name: task, folder: join(DATA, set), targets: "digits" },
    method: { kind: "adept", promptLength: 20, bottleneck: 39, initText: "choose the right answer. text:" },
    training: {
      steps: 200,
      maxSourceLength: 96,
      evaluateEvery: 50,
      validationLimit: 200,
      testLimit: 400,
      selection: "metric",
      learningRate: { prompt: 0.3, ffn: 0.001 },
    },
  };
}

/**
 * 200 steps of ADePT on the embedded backbone on each real set: the test metric beside that of the untrained backbone.
 * Needs `npm run build` and the data.
 */
export function benchSets(names: string[], add: AddRow): Promise<void> {
  if (!existsSync(DATA)) {
    console.log("The data sets are not beside this checkout.");
    return Promise.resolve();
  }
  const folder = mkdtempSync(join(tmpdir(), "adept-sets-"));
  try {
    for (const [set, task] of Object.entries(SETS).filter(([name]) => names.length === 0 || names.includes(name))) {
      const file = join(folder, `${set}.adept.json`);
      writeFileSync(file, JSON.stringify(experiment(set, task)));
      const from = performance.now();
      const run = JSON.parse(
        execFileSync(process.execPath, [CLI, "train", file, "--no-git", "--json"], {
          cwd: folder,
          encoding: "utf8",
          stdio: ["ignore", "pipe", "ignore"],
        }),
      ) as Shown;
      const of = (label: string): string => {
        const found = run.evaluations.find((e) => e.split === "test" && e.label === label);
        return [...Object.entries(found?.metrics ?? {}), ["loss", found?.loss ?? NaN] as const]
          .map(([name, value]) => `${name} ${value.toFixed(3)}`)
          .join(", ");
      };
      add({
        bench: "sets",
        case: `${set}: 200 steps and their evaluations`,
        unit: "s",
        ours: figures([(performance.now() - from) / 1000]),
        note: `trained: ${of("trained")}; untrained: ${of("untrained")}; FFN off: ${of("ffn-off")}`,
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return Promise.resolve();
}

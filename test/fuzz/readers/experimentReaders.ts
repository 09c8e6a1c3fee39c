import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { experimentsOf, readExperiments } from "../../../src/experiment/readExperiment.ts";
import { RunDirectory } from "../../../src/run/directory/runDirectory.ts";
import { locatedExperiment } from "../../../src/run/inputs/inputPlaces.ts";
import { checkExperiment } from "../../../src/worker/check/checkExperiment.ts";
import { holds, texts, type Reader } from "../reader.ts";

const FILE = {
  name: "x",
  task: {
    kind: "file",
    train: "train.jsonl",
    source: "{text}",
    target: "{label}",
    split: { validation: 0.1, test: 0.1, seed: 42 },
    shots: { k: 4 },
  },
  method: { kind: "adept", budget: 12800, promptInit: "text" },
  training: { steps: 20, learningRate: { prompt: 0.1 } },
  engine: "cpu",
  analyses: ["ablation"],
};
const SWEEP = {
  name: "s",
  task: { kind: "mail" },
  seeds: [0, 1],
  sweep: {
    budget: { promptTokens: 10 },
    methods: [{ kind: "adept" }, { kind: "pt" }],
    vary: { "training.steps": [10, 20] },
    tune: { "training.learningRate.prompt": { from: 0.01, to: 1, count: 3 } },
  },
};
const RANDOM = {
  name: "r",
  task: { kind: "text", folder: ".", label: "^(\\w+)-" },
  method: { kind: "lora", targets: ["q"] },
  sweep: {
    search: "random",
    samples: 5,
    seed: 3,
    tune: { "training.weightDecay": [0, 0.1], "method.rank": { from: 1, to: 8, scale: "linear" } },
  },
};
const RETRAINED = {
  name: "a",
  task: { kind: "named", name: "sst2", folder: "." },
  method: { kind: "adept", budget: 2000 },
  sweep: { retrained: true },
};
const ROWS = `${Array.from({ length: 12 }, (_, i) => JSON.stringify({ text: `t${i}`, label: i % 2 === 0 ? "a" : "b" })).join("\n")}\n`;
const ALL = [FILE, SWEEP, RANDOM, RETRAINED];

const experimentReader: Reader = {
  name: "experiment",
  json: true,
  weight: 2,
  corpus: () => texts(...ALL),
  open: (folder) => {
    const path = join(folder, "x.adept.json");
    writeFileSync(join(folder, "train.jsonl"), ROWS);
    return (input) => {
      writeFileSync(path, input);
      const runs = readExperiments(path);
      holds(
        runs.length > 0 && runs.length <= 1000 && runs.every((run) => ResolvedExperiment.safeParse(run).success),
        "a run of an experiment",
      );
    };
  },
};

const setReader: Reader = {
  name: "overrides",
  corpus: () => texts("training.steps=200", 'method={"kind":"pt"}', "task.split.seed=1", "sweep.vary.seed=[1,2]"),
  open: (folder) => {
    const path = join(folder, "x.adept.json");
    const text = JSON.stringify({ name: "x", task: { kind: "mail" }, method: { kind: "adept" } });
    return (input) => experimentsOf(path, text, [input.toString()]);
  },
};

/** Checks an unfinished file like the editor: the check must not throw. */
const checkReader: Reader = {
  name: "experimentCheck",
  json: true,
  weight: 0.5,
  corpus: () =>
    texts(
      ...ALL,
      '{"name":"x","task":{"kind":"file","train":"train.jsonl","source":"{txet}","target":"{label}"},"method":{"kind":"adpet"}}',
    ),
  open: (folder) => {
    const path = join(folder, "x.adept.json");
    writeFileSync(join(folder, "train.jsonl"), ROWS);
    return async (input) => {
      const text = input.toString();
      const { problems } = await checkExperiment(path, text);
      for (const { from, to, fixes } of problems) {
        holds(from >= 0 && from <= to && to <= Math.max(1, text.length), "a problem outside of the text");
        for (const { edits } of fixes)
          for (const edit of edits)
            holds(edit.from >= 0 && edit.from <= edit.to && edit.to <= text.length, "an edit outside of the text");
      }
    };
  },
};

const resolvedReader: Reader = {
  name: "runExperiment",
  json: true,
  corpus: () =>
    texts(
      ...[
        FILE,
        { ...RETRAINED, sweep: undefined },
        {
          name: "m",
          task: { kind: "mail" },
          method: { kind: "pt", source: "/x" },
          reproduces: { run: "20260101-000000-abcd", commit: "a".repeat(40) },
        },
      ].map((each) => ResolvedExperiment.parse(JSON.parse(JSON.stringify(each)))),
    ),
  open: (folder) => (input) => {
    writeFileSync(join(folder, "experiment.json"), input);
    const run = RunDirectory.open(folder);
    holds(ResolvedExperiment.safeParse(run.experiment()).success, "a run's experiment");
    locatedExperiment(run);
  },
};

export const EXPERIMENT_READERS: readonly Reader[] = [experimentReader, setReader, checkReader, resolvedReader];

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { TASK_NAMES } from "../../../src/experiment/taskNames.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { tinyGguf } from "../backbone/tinyGguf.ts";

const root = resolve(import.meta.dirname, "../../..");

function adept(cwd: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["--import", import.meta.resolve("tsx"), join(root, "src/cli.ts"), ...args], {
    cwd,
    encoding: "utf8",
    env: {
      ...process.env,
      HOME: cwd,
      USERPROFILE: cwd,
      HF_HUB_CACHE: join(cwd, "hub"),
      OLLAMA_MODELS: join(cwd, "ollama"),
      LLAMA_CACHE: join(cwd, "llama"),
      XDG_DATA_HOME: join(cwd, "data"),
      XDG_CONFIG_HOME: join(cwd, "config"),
      LOCALAPPDATA: join(cwd, "local"),
      APPDATA: join(cwd, "roaming"),
      ADEPT_CACHE: join(cwd, "cache"),
    },
  });
}

test("tasks list has every kind and every named task with metrics, labels and fields", () => {
  const { status, stdout } = adept(root, "tasks", "list", "--json");
  const { kinds, named } = JSON.parse(stdout) as {
    kinds: { kind: string }[];
    named: { name: string; metrics: string[]; labels: string[]; fields: { input: string[]; answer: string[] } }[];
  };
  assert.equal(status, 0);
  assert.deepEqual(kinds.map(({ kind }) => kind).sort(), ["chat", "file", "mail", "named", "text"]);
  assert.deepEqual(
    named.map(({ name }) => name),
    [...TASK_NAMES],
  );
  assert.deepEqual(
    named.find(({ name }) => name === "mrpc"),
    {
      name: "mrpc",
      metrics: ["accuracy", "f1"],
      labels: ["not_equivalent", "equivalent"],
      fields: {
        input: ["sentence1 or #1 String", "sentence2 or #2 String"],
        answer: ["label", "gold_label", "is_duplicate", "quality", "Quality"],
      },
    },
  );
  const text = adept(root, "tasks").stdout;
  for (const name of TASK_NAMES) assert.match(text, new RegExp(`^${name} `, "m"));
});

test("methods list has every method with the sizes and learning rates that it starts from", () => {
  const methods = JSON.parse(adept(root, "methods", "list", "--json").stdout) as {
    kind: string;
    summary: string;
    sizes: object;
    learningRates: object;
    options: { key: string; help: string; default?: unknown }[];
  }[];
  assert.deepEqual(
    methods.map(({ kind }) => kind).sort(),
    MethodInput.options.map((each) => each.shape.kind.value).sort(),
  );
  const lora = methods.find(({ kind }) => kind === "lora")!;
  assert.deepEqual([lora.sizes, lora.learningRates], [{ rank: 8 }, { lora_A: 0.001, lora_B: 0.001 }]);
  assert.equal(lora.options.find(({ key }) => key === "alpha")?.default, 16);
  for (const { kind, summary, learningRates } of methods)
    assert.ok(summary !== "" && Object.keys(learningRates).length > 0, kind);
  const text = adept(root, "methods").stdout;
  assert.match(text, /^adept .*promptLength=20, bottleneck=39 +prompt=0\.1, ffn=0\.001/m);
});

test("backbones list has the embedded one, those of this folder and of the Hub's cache, and says why one cannot be used", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-backbones-"));
  try {
    const snapshot = join(folder, "hub/models--owner--tiny/snapshots/0123");
    for (const copy of [join(folder, "my-t5"), snapshot])
      cpSync(join(root, "models/tiny-t5"), copy, { recursive: true });
    mkdirSync(join(folder, "other"));
    writeFileSync(join(folder, "other/config.json"), JSON.stringify({ model_type: "mamba", n_layer: 3 }));
    const { status, stdout } = adept(folder, "backbones", "list", "--json");
    const found = JSON.parse(stdout) as { backbone: string; modelType: string; problem?: string }[];
    const whole = { modelType: "t5", layers: [4, 2], width: 128, parameters: 2_361_600 };
    assert.equal(status, 0);
    assert.deepEqual(
      found.filter(({ problem }) => problem === undefined),
      ["tiny-t5", "./my-t5", "./hub/models--owner--tiny/snapshots/0123"].map((backbone) => ({ backbone, ...whole })),
    );
    const [other, ...more] = found.filter(({ problem }) => problem !== undefined);
    assert.deepEqual([other?.backbone, other?.modelType, more], ["./other", "mamba", []]);
    assert.match(adept(folder, "backbones").stdout, /^tiny-t5 +t5 +128 +4\+2 +2,361,600$/m);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("backbones list has the GGUF models of this folder and of other programs by name, and says in a line why one cannot be used", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-gguf-list-"));
  const hash = "ab".repeat(32);
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  try {
    const model = tinyGguf();
    write("own.gguf", model);
    write(`ollama/blobs/sha256-${hash}`, model);
    const layers = [{ mediaType: "application/vnd.ollama.image.model", digest: `sha256:${hash}` }];
    write("ollama/manifests/registry.ollama.ai/library/tiny/1m", JSON.stringify({ layers }));
    write("ollama/manifests/registry.ollama.ai/library/tiny/cut", '{"layers":');
    write(".lmstudio/models/pub/repo/other.gguf", tinyGguf("mamba"));
    write(".lmstudio/models/pub/repo/cut.gguf", model.subarray(0, 500));
    const { status, stdout } = adept(folder, "backbones", "list", "--json");
    assert.equal(status, 0);
    const found = (JSON.parse(stdout) as { backbone: string; name?: string; problem?: string }[]).filter(
      ({ name }) => name !== undefined,
    );
    const whole = { modelType: "llama", layers: [2], width: 32, parameters: 26_816, bytes: model.length };
    assert.deepEqual(
      found.filter(({ problem }) => problem === undefined),
      [
        { backbone: `./ollama/blobs/sha256-${hash}`, ...whole, name: "tiny:1m (Ollama)" },
        { backbone: "./own.gguf", ...whole, name: "own.gguf" },
      ],
    );
    const problems = found.flatMap(({ name, problem }) => (problem === undefined ? [] : ([[name, problem]] as const)));
    assert.deepEqual(
      problems.map(([name]) => name),
      ["pub/repo cut.gguf (LM Studio)", "pub/repo other.gguf (LM Studio)"],
    );
    assert.match(problems[0]![1], /cut\.gguf is truncated/);
    assert.match(problems[1]![1], /of the architecture "mamba" cannot be read$/);
    const text = adept(folder, "backbones").stdout;
    assert.match(text, /^tiny:1m \(Ollama\) +\d+ kB +llama +26,816 +\.\/ollama\/blobs\/sha256-(ab){32}$/m);
    assert.match(text, /^pub\/repo other\.gguf \(LM Studio\): .*"mamba" cannot be read$/m);
    const doctor = JSON.parse(adept(folder, "doctor", "--json").stdout) as { what: string; detail: string }[];
    assert.match(
      doctor.find(({ what }) => what === "GGUF models")!.detail,
      /^Ollama has 1, LM Studio has 2; 2 cannot be used: pub\/repo cut\.gguf \(LM Studio\) \(damaged or incomplete\), pub\/repo other\.gguf \(LM Studio\) \(architecture "mamba" is not supported\)$/,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { verbatim } from "../../../src/base/phrase.ts";
import { answeredUsable } from "./answeredUsable.ts";
import type { TokenWorker } from "../../../src/executor/tokenWorker.ts";
import { DRAFT_LIMITS } from "../../../src/experiment/draftLimits.ts";
import type { ExperimentDraft } from "../../../src/experiment/draftSchema.ts";
import type { Inspection, MemoryAnswer } from "../../../src/protocol/setupQuestions.ts";
import { Newest } from "../../../src/ui/window/newest.ts";
import { parseSetupMessage } from "../../../src/protocol/setupToHost.ts";
import type * as Parts from "../../host/hostParts.ts";
import { loadParts } from "../../host/loadParts.ts";
import { StubPanel } from "../../host/stubPanel.ts";

let parts: typeof Parts;
const memories: object[] = [];
const folder = mkdtempSync(join(tmpdir(), "adept-setup-host-"));
const reported: unknown[] = [];
const found = {
  problem: verbatim("none is trained on"),
  rows: 1,
  tokens: { median: 9, high: 30, longest: 40 },
  targetTokens: { median: 2, high: 3, longest: 4 },
} as Inspection;
/** The home of this file's tests, where nothing of the machine's own models is found. */
const HOME = {
  HOME: join(folder, "home"),
  USERPROFILE: join(folder, "home"),
  HF_HUB_CACHE: join(folder, "hub"),
  OLLAMA_MODELS: join(folder, "ollama"),
  LLAMA_CACHE: join(folder, "llama"),
  XDG_DATA_HOME: join(folder, "data"),
  XDG_CONFIG_HOME: join(folder, "config"),
  LOCALAPPDATA: join(folder, "local"),
  APPDATA: join(folder, "roaming"),
};
const machine = { ...process.env };
before(async () => {
  parts = await loadParts();
  Object.assign(process.env, HOME);
});
after(() => {
  for (const key of Object.keys(HOME))
    if (machine[key] === undefined) delete process.env[key];
    else process.env[key] = machine[key];
  rmSync(folder, { recursive: true, force: true });
});
const rest = (): Promise<void> => new Promise((done) => setTimeout(done, 20));

/** A page over a data file, whose questions to the worker stay open until they are answered. */
async function opened(
  file = "/data/d.csv",
  workerPath = join(folder, "none.js"),
): Promise<{
  panel: StubPanel;
  draft: ExperimentDraft;
  asked: { backbone: string; answer: (result: Inspection | Error) => void }[];
}> {
  const panel = new StubPanel();
  const asked: { backbone: string; answer: (result: Inspection | Error) => void }[] = [];
  const { vscode } = parts;
  const nothing = (): void => {
    /* not looked at */
  };
  vscode.window.createWebviewPanel = () => panel;
  const inspect = ({ backbone }: { backbone: string }): Promise<Inspection> =>
    new Promise((resolve, reject) => {
      asked.push({
        backbone,
        answer: (result) => {
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      });
    });
  const memory = (question: object): Promise<MemoryAnswer> => {
    memories.push(question);
    return Promise.resolve({ needed: 7.9e9, available: 6e9 });
  };
  const worker = {
    ...answeredUsable,
    ...{ inspect, memory },
    sizes: () => Promise.resolve({ width: 1, parameters: 1, sizes: [] }),
  } as unknown as TokenWorker;
  const setups = new parts.Setups({
    extensionUri: vscode.Uri.file("/ext"),
    storage: vscode.Uri.file(folder),
    folders: { all: () => [] },
    tokens: {
      get: () => worker,
      restart: () => {
        for (const { answer } of asked) answer(new Error("the worker was ended"));
      },
    },
    errors: {
      report: (error: unknown) => {
        reported.push(error);
        return Promise.resolve();
      },
    },
    log: { warn: nothing, error: (error: unknown) => reported.push(error), info: nothing },
    workerPath,
  } as unknown as ConstructorParameters<typeof parts.Setups>[0]);
  await setups.start(vscode.Uri.file(file) as never);
  panel.say({ type: "ready" });
  await rest();
  return { panel, asked, draft: panel.of("start")[0]!["draft"] as ExperimentDraft };
}

test("a page that is closed while its data are read is told nothing, measures nothing, and reports no bug", async () => {
  for (const result of [{ ...found, problem: undefined } as unknown as Inspection, new Error("the worker ended")]) {
    reported.length = 0;
    const { panel, asked, draft } = await opened();
    const task = { kind: "file", train: "/data/d.csv", source: "{a}", target: "{b}" };
    panel.say({ type: "draft", draft: { ...draft, task }, asked: 1 });
    await rest();
    panel.dispose();
    const before = panel.posted.length;
    asked[0]!.answer(result);
    await rest();
    assert.deepEqual(
      reported.filter((error) => String(error).includes("disposed")),
      [],
    );
    assert.equal(panel.posted.length, before);
  }
});

test("while one draft is looked at the newest alone waits, and answers say what they are for", async () => {
  const { panel, asked, draft } = await opened();
  for (let i = 1; i <= 5; i++) {
    panel.say({ type: "draft", draft: { ...draft, backbone: `b${i}` }, asked: i });
    await rest();
  }
  assert.deepEqual(
    asked.map(({ backbone }) => backbone),
    ["b1"],
  );
  asked[0]!.answer(found);
  await rest();
  assert.deepEqual(
    asked.map(({ backbone }) => backbone),
    ["b1", "b5"],
  );
  asked[1]!.answer(new Error("x"));
  await rest();
  assert.deepEqual(
    panel.of("inspection").map((each) => each["asked"]),
    [1, 5],
  );
  panel.say({ type: "draft", draft, asked: 6 });
  await rest();
  assert.equal(asked.length, 3, "after an error the next is looked at");
  panel.dispose();
});

test("data that are read for too long are read anew by another process; the old look's failure is none of the new one's", async () => {
  const { panel, asked, draft } = await opened();
  panel.say({ type: "draft", draft, asked: 1 });
  await rest();
  panel.say({ type: "reread", draft, asked: 2 });
  await rest();
  assert.equal(asked.length, 2, "the second look begins although the first was never answered");
  asked[1]!.answer(found);
  await rest();
  assert.deepEqual(
    panel.of("inspection").map((each) => [each["asked"], each["error"] === undefined]),
    [
      [1, false],
      [2, true],
    ],
  );
  panel.dispose();
});

test("a forecast that is left is not begun again before the costs change, or it is asked for", async () => {
  const { panel, asked, draft } = await opened();
  const task = { kind: "file", train: "/data/d.csv", source: "{a}", target: "{b}" };
  const good = { ...found, problem: undefined } as unknown as Inspection;
  const look = async (change: object): Promise<void> => {
    panel.say({ type: "draft", draft: { ...draft, task, ...change }, asked: asked.length });
    await rest();
    asked.at(-1)!.answer(good);
    await rest();
  };
  const begun = (): number =>
    panel.of("forecast").filter((each) => each["working"] === true && each["memory"] === undefined).length;
  memories.length = 0;
  await look({});
  assert.deepEqual(
    memories,
    [{ backbone: draft.backbone, budget: draft.budget, source: 40, target: 4, generated: 20, rows: 32 }],
    "memory is asked for at once, at the longest input and answer that there are",
  );
  assert.deepEqual(panel.of("forecast").at(-1), {
    type: "forecast",
    memory: { needed: 7.9e9, available: 6e9 },
    working: true,
  });
  assert.equal(begun(), 1);
  panel.say({ type: "forecast", measure: false });
  await rest();
  assert.deepEqual(panel.of("forecast").at(-1), { type: "forecast", working: false, stopped: true });
  await look({ name: "another" });
  assert.equal(begun(), 1);
  panel.say({ type: "forecast", measure: true });
  await rest();
  assert.equal(begun(), 2);
  panel.say({ type: "forecast", measure: false });
  await look({ steps: 7 });
  assert.equal(begun(), 3);
  panel.dispose();
});

test("work that fails leaves the way free", async () => {
  const done: number[] = [];
  const newest = new Newest<number>((item) => {
    done.push(item);
    return item === 1 ? Promise.reject(new Error("one")) : Promise.resolve();
  });
  await assert.rejects(newest.add(1), /one/);
  await newest.add(2);
  assert.deepEqual(done, [1, 2]);
});

test("what the host does not take is answered on the page", async () => {
  const { panel, asked, draft } = await opened();
  panel.say({ type: "write", draft: { ...draft, steps: DRAFT_LIMITS.steps + 1 }, train: true });
  await rest();
  assert.match(String(panel.of("refused")[0]?.["error"]), /cannot be used: draft\.steps/);
  assert.equal(asked.length, 0);
  panel.dispose();
});

test("data of the longest name makes a draft that the host takes", async () => {
  for (const name of ["f".repeat(240), `${"f".repeat(199)}😀`]) {
    const { panel, draft } = await opened(`/data/${name}.csv`);
    assert.ok("message" in parseSetupMessage({ type: "draft", draft, asked: 1 }));
    assert.ok(draft.name.isWellFormed() && draft.name.length >= 199);
    panel.dispose();
  }
});

test("where a backbone cannot be used the form begins anew, so that it can be chosen again", async () => {
  reported.length = 0;
  const { panel } = await opened();
  parts.vscode.window.showOpenDialog = () => Promise.resolve([parts.vscode.Uri.file(folder)]);
  panel.say({ type: "chooseBackbone", how: "folder" });
  await rest();
  assert.match(String(reported[0]), /holds no model/);
  assert.equal(panel.of("start").length, 2);
  assert.equal((panel.of("start")[1]!["draft"] as ExperimentDraft).backbone, "tiny-t5");
  panel.dispose();
});

test("a GGUF file is chosen in a dialog for files alone; what is none is told, and cancelling changes nothing", async () => {
  reported.length = 0;
  const { panel } = await opened();
  const asked: object[] = [];
  const answers = ["m.gguf", "m.bin", undefined].map((name) => name && join(folder, name));
  Object.assign(parts.vscode.window, {
    showOpenDialog: (options: object) => {
      const answer = answers[asked.length];
      asked.push(options);
      return Promise.resolve(answer === undefined ? undefined : [parts.vscode.Uri.file(answer)]);
    },
  });
  const backbones = (): string[] => panel.of("start").map(({ draft }) => (draft as ExperimentDraft).backbone);
  for (const count of [2, 3, 4]) {
    panel.say({ type: "chooseBackbone", how: "file" });
    await until(() => panel.of("start").length === count);
  }
  const file = join(folder, "m.gguf");
  assert.deepEqual(backbones(), ["tiny-t5", file, file, file]);
  assert.match(String(reported[0]), /m\.bin is no GGUF file/);
  assert.equal(reported.length, 1);
  for (const options of asked)
    assert.deepEqual(
      { ...options, openLabel: "" },
      { canSelectFiles: true, canSelectFolders: false, filters: { GGUF: ["gguf"] }, openLabel: "" },
    );
  panel.dispose();
});

test("models that other programs keep are offered by name and size, and chosen where they lie", async () => {
  const hash = "ab".repeat(32);
  const manifests = join(HOME.OLLAMA_MODELS, "manifests/registry.ollama.ai/library/llama3.2");
  const repository = join(HOME.HOME, ".lmstudio/models/pub/repo");
  for (const each of [manifests, join(HOME.OLLAMA_MODELS, "blobs"), repository]) mkdirSync(each, { recursive: true });
  const layers = [{ mediaType: "application/vnd.ollama.image.model", digest: `sha256:${hash}` }];
  writeFileSync(join(manifests, "3b"), JSON.stringify({ layers }));
  const blob = join(HOME.OLLAMA_MODELS, "blobs", `sha256-${hash}`);
  writeFileSync(blob, Buffer.alloc(2_000_000));
  writeFileSync(join(repository, "odd.gguf"), Buffer.alloc(3000));
  writeFileSync(join(repository, "small.gguf"), Buffer.alloc(3000));
  const { panel } = await opened();
  const named = (name: string): string => `pub/repo ${name}.gguf (LM Studio), 3 kB`;
  const offered = [
    { name: "llama3.2:3b (Ollama), 2 MB", folder: blob },
    { name: named("odd"), folder: join(repository, "odd.gguf") },
  ];
  const small = { name: named("small"), folder: join(repository, "small.gguf") };
  const problem = 'architecture "x" is not supported';
  await until(() => panel.of("unusable").length > 0);
  await rest();
  assert.deepEqual(panel.of("unusable"), [{ type: "unusable", name: small.name, problem }]);
  panel.say({ type: "chooseBackbone", how: "downloaded", name: "llama3.2:3b (Ollama), 2 MB" });
  await until(() => panel.of("start").length === 2);
  assert.equal((panel.of("start")[1]!["draft"] as ExperimentDraft).backbone, blob);
  assert.deepEqual(panel.of("start")[1]!["downloaded"], [...offered, { ...small, problem }]);
  panel.dispose();
  rmSync(HOME.OLLAMA_MODELS, { recursive: true });
  rmSync(HOME.HOME, { recursive: true });
});

const SMALL = {
  name: "o/small",
  modelType: "t5",
  parameters: 6e7,
  bytes: 2e8,
  memory: 2e9,
  licence: "MIT",
  fits: true,
};
const LARGE = { ...SMALL, name: "o/large", modelType: "llama", memory: 9e9, fits: false };

/** A worker that lists these models and downloads any; what it was asked for is in its file. */
function modelWorker(): { path: string; asked: () => string[] } {
  const path = join(folder, "models.cjs");
  const log = join(folder, "asked.txt");
  const known = { models: [SMALL, LARGE], recommended: { labels: SMALL.name, answers: LARGE.name } };
  const found = { models: [{ ...LARGE, gated: true }], recommended: {} };
  writeFileSync(log, "");
  writeFileSync(
    path,
    `const [job, what] = process.argv.slice(2);
    require("node:fs").appendFileSync(${JSON.stringify(log)}, job + " " + what + "\\n");
    const models = what === "-" ? ${JSON.stringify(known)} : ${JSON.stringify(found)};
    console.log(JSON.stringify({ result: job === "models" ? models : {} }));`,
  );
  return { path, asked: () => readFileSync(log, "utf8").trim().split("\n") };
}
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !holds(); i++) await rest();
  assert.ok(holds());
}

test("beside the embedded backbone stands the smallest model that learns such data, which one press downloads", async () => {
  const { path, asked: jobs } = modelWorker();
  const { panel, asked, draft } = await opened("/data/d.csv", path);
  panel.say({ type: "draft", draft, asked: 1 });
  await rest();
  asked[0]!.answer({ ...found, rows: 10, distinctTargets: 2 });
  await until(() => panel.of("recommended").length === 1);
  assert.equal(panel.of("recommended")[0]!["name"], "o/small");
  assert.match(String(panel.of("recommended")[0]!["text"]), /60 M parameters, 200 MB .* 2\.0 GB .*, MIT/);
  panel.say({ type: "draft", draft: { ...draft, maxSourceLength: 7 }, asked: 2 });
  await rest();
  asked[1]!.answer({ ...found, rows: 10, distinctTargets: 9 });
  await until(() => panel.of("recommended").length === 2);
  assert.equal(panel.of("recommended")[1]!["name"], "o/large", "most answers stand once: they are written, not chosen");
  panel.say({ type: "chooseBackbone", how: "hub", name: "o/large" });
  await until(() => panel.of("start").length === 2);
  const chosen = panel.of("start")[1]!["draft"] as ExperimentDraft;
  assert.match(chosen.backbone, /backbones[\\/]o--large$/);
  assert.deepEqual(jobs(), ["models -", "download o/large"], "models are listed once");
  panel.say({ type: "draft", draft: chosen, asked: 3 });
  await rest();
  asked[2]!.answer({ ...found, rows: 10, distinctTargets: 2 });
  await rest();
  assert.equal(panel.of("recommended").length, 2, "a chosen model is not talked away");
  panel.dispose();
});

test("a model of the Hub is chosen from those that are known to work, or from what a search finds", async () => {
  const { path, asked: jobs } = modelWorker();
  const { panel } = await opened("/data/d.csv", path);
  const shown: { label: string; detail?: string; description?: string; model?: string }[][] = [];
  Object.assign(parts.vscode.window, {
    showQuickPick: (items: (typeof shown)[number]) => {
      shown.push(items);
      return Promise.resolve(shown.length === 1 ? items.at(-1) : items[0]);
    },
    showInputBox: () => Promise.resolve(" large "),
  });
  panel.say({ type: "chooseBackbone", how: "hub" });
  await until(() => panel.of("start").length === 2);
  assert.deepEqual(
    shown.map((items) => items.map(({ label }) => label)),
    [["o/small", "o/large", "$(search) Another model…"], ["o/large"]],
  );
  assert.match(shown[0]![0]!.description!, /smallest that learns labels/);
  assert.match(shown[1]![0]!.detail!, /9\.0 GB of memory to train, more than is free here, MIT, terms to accept/);
  assert.deepEqual(jobs(), ["models -", "models large", "download o/large"]);
  panel.dispose();
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { ggufPartOf, isGgufModelName, isGgufName } from "../../../src/base/files/ggufName.ts";
import { filesWithin } from "../../../src/base/localModels/filesWithin.ts";
import { localModels, shownName } from "../../../src/base/localModels/localModels.ts";
import { modelPlaces } from "../../../src/base/localModels/modelPlaces.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "adept-home-"));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});
const write = (path: string, content: string | number): string => {
  const whole = join(home, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, typeof content === "string" ? content : Buffer.alloc(content));
  return whole;
};
/** The models in the temporary home; what a service of this machine may have is left out. */
const found = (env: Record<string, string> = {}, platform: NodeJS.Platform = "linux"): [string, string, number][] =>
  localModels({ home, platform, env })
    .filter(({ path }) => path.startsWith(home))
    .map((model) => [shownName(model), model.path.slice(home.length + 1).replaceAll("\\", "/"), model.bytes]);

const hash = (digit: string): string => digit.repeat(64);
const MANIFESTS = "models/manifests/registry.ollama.ai";
const layer = (digest: string, kind = "model"): object => ({
  mediaType: `application/vnd.ollama.image.${kind}`,
  digest,
  size: 1,
});
const manifest = (...layers: unknown[]): string => JSON.stringify({ schemaVersion: 2, config: {}, layers });

test("Ollama's models have its names, and are the blobs that their manifests name", () => {
  for (const digit of ["1", "2", "3"]) write(`models/blobs/sha256-${hash(digit)}`, 10 * Number(digit));
  write(
    `${MANIFESTS}/library/llama3.2/3b`,
    manifest(layer(`sha256:${hash("9")}`, "license"), layer(`sha256:${hash("1")}`)),
  );
  write(`${MANIFESTS}/library/llama3.2/latest`, manifest(layer(`sha256:${hash("1")}`)));
  write(`${MANIFESTS}/someone/own/v1`, manifest(layer(`sha256-${hash("2")}`)));
  write("models/manifests/hf.co/owner/repo-GGUF/Q4_K_M", manifest(layer(`sha256:${hash("3")}`)));
  const expected: [string, string, number][] = [
    ["hf.co/owner/repo-GGUF:Q4_K_M (Ollama)", `models/blobs/sha256-${hash("3")}`, 30],
    ["llama3.2:3b (Ollama)", `models/blobs/sha256-${hash("1")}`, 10],
    ["llama3.2:latest (Ollama)", `models/blobs/sha256-${hash("1")}`, 10],
    ["someone/own:v1 (Ollama)", `models/blobs/sha256-${hash("2")}`, 20],
  ];
  assert.deepEqual(found({ OLLAMA_MODELS: join(home, "models") }), expected);
  symlinkSync(join(home, "models"), join(home, "real"));
  mkdirSync(join(home, ".ollama"));
  symlinkSync("../models", join(home, ".ollama/models"));
  assert.deepEqual(
    found().map(([name]) => name),
    expected.map(([name]) => name),
    "without the variable, in the user's own folder",
  );
});

test("a manifest that is damaged, too large, of another depth, or leads nowhere is left out, and the others are found", () => {
  write(`models/blobs/sha256-${hash("a")}`, 5);
  write("models/secret", 5);
  const good = manifest(layer(`sha256:${hash("a")}`));
  const bad: Record<string, string> = {
    cut: good.slice(0, 40),
    nothing: "",
    "no-object": "null",
    "no-list": '{"layers":{"length":3}}',
    "odd-layers": manifest(null, 3, [], { mediaType: 7 }),
    "cloud-only": manifest(layer(`sha256:${hash("a")}`, "license")),
    "no-blob": manifest(layer(`sha256:${hash("b")}`)),
    "leads-out": manifest(layer("sha256:../../../secret")),
    "number-digest": manifest({ ...layer(""), digest: 12 }),
    huge: `${good}${" ".repeat(300_000)}`,
    deep: `${"[".repeat(100_000)}`,
  };
  for (const [name, text] of Object.entries(bad)) write(`${MANIFESTS}/library/bad/${name}`, text);
  write(`${MANIFESTS}/library/too-high`, good);
  write(`${MANIFESTS}/library/too/deep/by/one`, good);
  write(`${MANIFESTS}/library/good/1b`, good);
  assert.deepEqual(
    found({ OLLAMA_MODELS: join(home, "models") }).map(([name]) => name),
    ["good:1b (Ollama)"],
  );
});

test("LM Studio, llama.cpp, Jan and GPT4All: every model once, by folder and file; parts of one are counted together", () => {
  write(".lmstudio/models/pub/repo-GGUF/small-Q4_K_M.gguf", 7);
  write(".lmstudio/models/pub/repo-GGUF/mmproj-small-f16.gguf", 7);
  write(".lmstudio/models/pub/repo-GGUF/notes.txt", 7);
  write(".lmstudio/models/pub/repo-GGUF/half.gguf.part", 7);
  for (const [i, size] of [3, 4, 5].entries())
    write(`.cache/lm-studio/models/pub/big/big-0000${i + 1}-of-00003.gguf`, size);
  write(".cache/lm-studio/models/pub/big/big-00002-of-00002.gguf", 100);
  write(".cache/llama.cpp/owner_repo_model.GGUF", 9);
  write(".local/share/Jan/data/llamacpp/models/qwen/model.gguf", 2);
  write(".local/share/nomic.ai/GPT4All/orca.gguf", 1);
  assert.deepEqual(found(), [
    ["pub/repo-GGUF small-Q4_K_M.gguf (LM Studio)", ".lmstudio/models/pub/repo-GGUF/small-Q4_K_M.gguf", 7],
    ["pub/big big-00001-of-00003.gguf (LM Studio)", ".cache/lm-studio/models/pub/big/big-00001-of-00003.gguf", 12],
    ["owner_repo_model.GGUF (llama.cpp)", ".cache/llama.cpp/owner_repo_model.GGUF", 9],
    ["qwen model.gguf (Jan)", ".local/share/Jan/data/llamacpp/models/qwen/model.gguf", 2],
    ["orca.gguf (GPT4All)", ".local/share/nomic.ai/GPT4All/orca.gguf", 1],
  ]);
});

test("a snapshot of the Hub's cache links to its file; the same file of another snapshot is not a second model", () => {
  write("hub/models--owner--name--x/blobs/abc", 6);
  for (const commit of ["1", "2"]) {
    mkdirSync(join(home, `hub/models--owner--name--x/snapshots/${commit}`), { recursive: true });
    symlinkSync("../../blobs/abc", join(home, `hub/models--owner--name--x/snapshots/${commit}/m.gguf`));
  }
  write("hub/datasets--owner--data/snapshots/1/not.gguf", 6);
  assert.deepEqual(found({ HF_HUB_CACHE: join(home, "hub") }), [
    ["owner/name--x m.gguf (Hugging Face)", "hub/models--owner--name--x/snapshots/1/m.gguf", 6],
  ]);
});

test("each system has its own folders", () => {
  const folders = (platform: NodeJS.Platform, env = {}): string[] =>
    modelPlaces({ home: "/h", platform, env }).map(({ folder }) => folder.replaceAll("\\", "/"));
  assert.ok(folders("linux").includes("/usr/share/ollama/.ollama/models"));
  assert.ok(!folders("darwin").includes("/usr/share/ollama/.ollama/models"));
  assert.ok(folders("darwin").includes("/h/Library/Caches/llama.cpp"));
  assert.ok(folders("darwin").includes("/h/Library/Application Support/nomic.ai/GPT4All"));
  assert.ok(folders("win32", { LOCALAPPDATA: "/l", APPDATA: "/r" }).includes("/l/nomic.ai/GPT4All"));
  assert.ok(folders("win32", { LOCALAPPDATA: "/l", APPDATA: "/r" }).includes("/r/Jan/data/llamacpp/models"));
  assert.deepEqual(
    folders("linux", { OLLAMA_MODELS: "/o", LLAMA_CACHE: "/c" }).filter((each) =>
      /ollama|llama\.cpp|^\/[oc]$/.test(each),
    ),
    ["/o", "/c"],
  );
});

test("links are followed, those in a circle end, what is no plain file is left out, and depth has a limit", () => {
  write("disk/owner/repo/linked.gguf", 3);
  mkdirSync(join(home, "models/pub"), { recursive: true });
  symlinkSync(join(home, "disk/owner"), join(home, "models/owner"));
  symlinkSync("..", join(home, "models/pub/up"));
  symlinkSync("nowhere", join(home, "models/pub/broken.gguf"));
  mkdirSync(join(home, "models/pub/folder.gguf"));
  write("models/a/b/c/d/far.gguf", 1);
  const names = (depth: number): string[] =>
    filesWithin(join(home, "models"), depth, (each) => each.at(-1)!.endsWith(".gguf")).map((each) =>
      each.names.join("/"),
    );
  assert.deepEqual(names(3), ["owner/repo/linked.gguf"]);
  assert.deepEqual(names(4), ["owner/repo/linked.gguf", "a/b/c/d/far.gguf"]);
  assert.deepEqual(names(1), []);
  assert.deepEqual(filesWithin(join(home, "missing"), 3), []);
});

test("links that multiply do not use up what is looked at", () => {
  for (let i = 0; i < 30; i += 1) {
    mkdirSync(join(home, "models"), { recursive: true });
    symlinkSync(".", join(home, `models/${i}`));
  }
  write("models/z/y/x/deep.gguf", 1);
  assert.deepEqual(
    filesWithin(join(home, "models"), 3).map(({ names }) => names.join("/")),
    ["z/y/x/deep.gguf"],
  );
});

test("a folder with more entries than are looked at does not hold everything up", () => {
  mkdirSync(join(home, "many"));
  for (let i = 0; i < 20_100; i += 1) writeFileSync(join(home, `many/${i}`), "");
  assert.equal(filesWithin(join(home, "many"), 0).length, 20_000);
});

test("a GGUF file is known by its name, one of Ollama by its place", () => {
  const blob = `/home/u/.ollama/models/blobs/sha256-${hash("0")}`;
  for (const name of ["a.gguf", "/b/C.GGUF", blob, blob.replaceAll("/", "\\")]) assert.ok(isGgufName(name), name);
  for (const name of [
    "tiny-t5",
    "/b/gguf",
    "a.gguf/",
    `/x/sha256-${hash("0")}`,
    `${blob}0`,
    blob.slice(0, -1),
    `${blob}/x`,
  ])
    assert.ok(!isGgufName(name), name);
  assert.deepEqual(ggufPartOf("m-00002-of-00010.gguf"), { model: "m", number: 2, count: 10 });
  assert.equal(ggufPartOf("m-2-of-3.gguf"), undefined);
  const names = [
    "m.gguf",
    "m-00001-of-00003.gguf",
    "m-00002-of-00003.gguf",
    "mmproj-m.gguf",
    "M.mmproj-Q8.gguf",
    "m.bin",
  ];
  assert.deepEqual(names.filter(isGgufModelName), ["m.gguf", "m-00001-of-00003.gguf"]);
});

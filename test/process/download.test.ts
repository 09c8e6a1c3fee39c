import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { downloadInWorker } from "../../src/executor/downloadInWorker.ts";
import { UserError } from "../../src/base/errors.ts";
import { tinyGguf } from "../unit/backbone/tinyGguf.ts";

const MODEL = join(import.meta.dirname, "../../models/tiny-t5");
/** Repositories by name: the embedded model, one of another type, one without a tokenizer. */
const REPOSITORIES: Record<string, Record<string, Buffer>> = {
  "o/t5": Object.fromEntries(
    ["tokenizer.json", "model.safetensors", "config.json"].map((name) => [name, readFileSync(join(MODEL, name))]),
  ),
};
const BIG = REPOSITORIES["o/t5"]!["model.safetensors"]!;
const TOTAL = Object.values(REPOSITORIES["o/t5"]!).reduce((sum, { length }) => sum + length, 0);
REPOSITORIES["o/mixtral"] = { ...REPOSITORIES["o/t5"], "config.json": Buffer.from('{"model_type":"mixtral"}') };
REPOSITORIES["o/silent"] = { "config.json": REPOSITORIES["o/t5"]!["config.json"]!, "model.safetensors": BIG };
REPOSITORIES["o/weightless"] = { ...REPOSITORIES["o/t5"], "tf_model.h5": BIG };
delete REPOSITORIES["o/weightless"]["model.safetensors"];
REPOSITORIES["o/gguf"] = { "other.gguf": tinyGguf("mamba"), "tiny.gguf": tinyGguf() };
/** Repositories that came whole and are damaged, with what is said of them. */
const CONFIG = JSON.parse(REPOSITORIES["o/t5"]!["config.json"]!.toString()) as object;
const BROKEN: Record<string, { files: Record<string, Buffer>; words: RegExp }> = {
  "o/pieces": {
    files: {
      "config.json": REPOSITORIES["o/t5"]!["config.json"]!,
      "model.safetensors": BIG,
      "spiece.model": Buffer.from("fake".repeat(100)),
    },
    words: /spiece\.model is no SentencePiece model that can be used: it is damaged/,
  },
  "o/narrow": {
    files: { ...REPOSITORIES["o/t5"], "config.json": Buffer.from(JSON.stringify({ ...CONFIG, d_ff: 17 })) },
    words: /tensor "[\w.]+" has shape \([\d, ]+\), config\.json asks for \(/,
  },
  "o/bin": {
    files: { ...REPOSITORIES["o/weightless"], "pytorch_model.bin": Buffer.from("PK\x03\x04 cut off") },
    words: /pytorch_model\.bin is not a complete file of torch\.save/,
  },
  "o/cut": {
    files: { ...REPOSITORIES["o/t5"], "tokenizer.json": REPOSITORIES["o/t5"]!["tokenizer.json"]!.subarray(0, 500) },
    words: /tokenizer\.json is not a tokenizer that can be used/,
  },
};
for (const [name, { files }] of Object.entries(BROKEN)) REPOSITORIES[name] = files;
const COMMIT = "c".repeat(40);
const folder = mkdtempSync(join(tmpdir(), "adept-download-"));
const place = { workerPath: join(import.meta.dirname, "../../dist/worker.js"), nodePath: process.execPath, folder };
let server: Server;
let endpoint: string | undefined;
let slow = false;

before(async () => {
  server = createServer((request, response) => {
    const url = request.url ?? "";
    const json = (value: unknown): void => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    const [, name, rest] = /^\/(?:api\/models\/)?(o\/[^/]+)\/(.*)$/.exec(url) ?? [];
    const files = REPOSITORIES[name ?? ""] ?? {};
    const file = /^resolve\/c{40}\/(.*)$/.exec(rest ?? "")?.[1];
    if (rest === "revision/main" && name! in REPOSITORIES) json({ sha: COMMIT });
    else if (rest?.startsWith(`tree/${COMMIT}`) === true)
      json(
        Object.entries(files).map(([path, data]) => ({
          type: "file",
          path,
          size: data.length,
          oid: "0".repeat(40),
          lfs: { oid: createHash("sha256").update(data).digest("hex"), size: data.length },
        })),
      );
    else if (file !== undefined && files[file] !== undefined) {
      const data = files[file];
      response.writeHead(200, { "content-length": data.length });
      if (slow && data === BIG) response.write(BIG.subarray(0, 1_000_000));
      else response.end(data);
    } else response.writeHead(404).end();
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  endpoint = process.env["HF_ENDPOINT"];
  process.env["HF_ENDPOINT"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  if (endpoint === undefined) delete process.env["HF_ENDPOINT"];
  else process.env["HF_ENDPOINT"] = endpoint;
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a backbone is downloaded in a process of its own that reports its progress", async () => {
  const reported: number[] = [];
  const seen = new Set<string>();
  const out = join(folder, "o--t5");
  await downloadInWorker(
    place,
    { name: "o/t5", out },
    {
      signal: new AbortController().signal,
      onProgress: ({ file, done, total }) => {
        seen.add(file);
        assert.equal(total, TOTAL);
        reported.push(done);
      },
    },
  );
  assert.equal(reported.at(-1), TOTAL);
  assert.ok(seen.has("model.safetensors"));
  assert.deepEqual(readFileSync(join(out, "model.safetensors")), BIG);
});

/** Runs the command in a process of its own; this one serves the files. */
const adept = (...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> =>
  new Promise((done) => {
    const cli = join(import.meta.dirname, "../../src/cli.ts");
    const env = { ...process.env, ADEPT_CACHE: join(folder, "cache") };
    const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), cli, ...args], { cwd: folder, env });
    const told = { stdout: "", stderr: "" };
    child.stdout.on("data", (text: Buffer) => (told.stdout += text.toString()));
    child.stderr.on("data", (text: Buffer) => (told.stderr += text.toString()));
    child.on("close", (status) => {
      done({ status, ...told });
    });
  });

test("of a repository of GGUF files the chosen one is loaded, opened and named; without a choice they are listed", async () => {
  const unchosen = await adept("download", "o/gguf");
  assert.equal(unchosen.status, 1);
  assert.match(unchosen.stderr, /one of which is to be chosen: other\.gguf \(\d+ kB\), tiny\.gguf \(113 kB\)/);
  assert.match(unchosen.stderr, /adept download o\/gguf --include "other\.gguf"/);
  assert.equal(existsSync(join(folder, "gguf")), false);
  const { status, stdout, stderr } = await adept("download", "o/gguf", "--include", "tiny*");
  assert.equal(status, 0, stderr);
  const path = join(folder, "gguf", "tiny.gguf");
  assert.ok(stdout.endsWith(`"backbone": ${JSON.stringify(path)}\n`), stdout);
  assert.deepEqual(readFileSync(path), REPOSITORIES["o/gguf"]!["tiny.gguf"]);
  const other = await adept("download", "o/gguf", "--include", "other*");
  assert.equal(other.status, 1);
  assert.match(other.stderr, /o\/gguf was downloaded, but .*"mamba" cannot be read/);
});

const downloaded = (name: string, out: string): Promise<void> =>
  downloadInWorker(
    place,
    { name, out },
    {
      signal: new AbortController().signal,
      onProgress: () => {
        /* no progress to check */
      },
    },
  );

test("a model of a type that is not supported is refused before its weights are loaded", async () => {
  const out = join(folder, "mixtral");
  await assert.rejects(downloaded("o/mixtral", out), /"mixtral" is not supported: it is a mixture of experts/);
  assert.equal(existsSync(join(out, "config.json")), true);
  assert.equal(existsSync(join(out, "model.safetensors")), false);
});

test("what came and cannot be used says what is missing", async () => {
  await assert.rejects(downloaded("o/silent", join(folder, "silent")), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /o\/silent was downloaded, but .*has no tokenizer\.json/);
    assert.match(error.action!, /adept download OWNER\/NAME --include "tokenizer\*"/);
    return true;
  });
  await assert.rejects(downloaded("o/weightless", join(folder, "weightless")), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /has no model\.safetensors and no pytorch_model\.bin/);
    assert.match(error.action!, /adept download --search "weightless"/);
    return true;
  });
});

for (const [name, { words }] of Object.entries(BROKEN))
  test(`${name} came whole, and the check at the end says what is damaged`, async () => {
    await assert.rejects(downloaded(name, join(folder, name.replace("/", "--"))), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, new RegExp(`^${name} was downloaded, but cannot be opened as a backbone: `));
      assert.match(error.message, words);
      assert.match(error.action!, /adept download/);
      return true;
    });
  });

test("a missing repository is reported; cancelling a download ends its process", async () => {
  await assert.rejects(
    downloadInWorker(
      place,
      { name: "o/none", out: join(folder, "none") },
      {
        signal: new AbortController().signal,
        onProgress: () => {
          /* no progress to check */
        },
      },
    ),
    (error) => error instanceof UserError,
  );
  slow = true;
  const abort = new AbortController();
  const out = join(folder, "slow");
  const from = Date.now();
  setTimeout(() => {
    abort.abort();
  }, 1500);
  await assert.rejects(
    downloadInWorker(
      place,
      { name: "o/t5", out },
      {
        signal: abort.signal,
        onProgress: () => {
          /* no progress to check */
        },
      },
    ),
  );
  assert.ok(Date.now() - from < 20_000);
  assert.equal(existsSync(join(out, "model.safetensors")), false, "half a file is no file");
});

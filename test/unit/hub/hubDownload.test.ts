import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { phrase } from "../../../src/base/phrase.ts";
import { downloadRepository, type Download } from "../../../src/hub/hubDownload.ts";
import { isSafePath, type HubFile } from "../../../src/hub/hubListing.ts";
import { wantedFiles } from "../../../src/hub/wantedFiles.ts";

const COMMIT = "c".repeat(40);
const BIG = Buffer.alloc(300_000, "weights ");
const CONFIG = Buffer.from('{"model_type":"t5"}');
const FILES: Record<string, Buffer> = {
  "config.json": CONFIG,
  "model.safetensors": BIG,
  "pytorch_model.bin": BIG,
  "onnx/model.safetensors": CONFIG,
};
const sha = (algorithm: string, ...parts: (string | Buffer)[]): string =>
  parts.reduce((digest, part) => digest.update(part), createHash(algorithm)).digest("hex");
const entry = (path: string): object => {
  const data = FILES[path]!;
  const git = sha("sha1", `blob ${data.length}\0`, data);
  return path.endsWith(".json")
    ? { type: "file", path, size: data.length, oid: git }
    : { type: "file", path, size: data.length, oid: git, lfs: { oid: sha("sha256", data), size: data.length } };
};
type Handle = (request: IncomingMessage, response: ServerResponse) => boolean;
interface Hub {
  endpoint: string;
  folder: string;
  requests: { url: string; range: string | undefined; authorization: string | undefined }[];
  load: (options?: {
    token?: string;
    signal?: AbortSignal;
    include?: string[];
    revision?: string;
  }) => Promise<Download>;
}

function sendFile(data: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? NaN);
  if (from >= data.length) response.writeHead(416).end();
  else if (Number.isNaN(from)) response.writeHead(200, { "content-length": data.length }).end(data);
  else
    response
      .writeHead(206, {
        "content-length": data.length - from,
        "content-range": `bytes ${from}-${data.length - 1}/${data.length}`,
      })
      .end(data.subarray(from));
}

/** Starts a Hub on this machine. `special` may answer a request first. The listing has two pages. */
async function hub(t: TestContext, special: Handle = () => false): Promise<Hub> {
  const folder = mkdtempSync(join(tmpdir(), "adept-hub-"));
  const requests: Hub["requests"] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    requests.push({ url, range: request.headers.range, authorization: request.headers.authorization });
    const path = /^\/o\/t5\/resolve\/c{40}\/(.*)$/.exec(url)?.[1];
    const json = (value: unknown, headers = {}): void => {
      response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
    };
    if (special(request, response)) return;
    if (url === "/api/models/o/t5/revision/main") json({ sha: COMMIT });
    else if (url === `/api/models/o/t5/tree/${COMMIT}?recursive=true`)
      json([entry("config.json"), { type: "directory", path: "onnx", oid: "d".repeat(40) }], {
        link: `</page2>; rel="next"`,
      });
    else if (url === "/page2") json(["model.safetensors", "pytorch_model.bin", "onnx/model.safetensors"].map(entry));
    else if (path !== undefined && FILES[path] !== undefined) sendFile(FILES[path], request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const load: Hub["load"] = ({ token, signal = new AbortController().signal, include = [], revision = "main" } = {}) =>
    downloadRepository(
      { endpoint, token, signal, pause: 5 },
      { name: "o/t5", kind: "model", revision },
      { folder, include },
      () => {
        /* the caller reports it */
      },
    );
  return { endpoint, folder, requests, load };
}
const files = (requests: Hub["requests"]): string[] =>
  requests.filter(({ url }) => url.includes("/resolve/")).map(({ url }) => url.split("/").at(-1)!);
const fails = (promise: Promise<unknown>, ...words: RegExp[]): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    for (const word of words) assert.match(`${error.message} ${error.action ?? ""}`, word);
    return true;
  });

test("the files that a backbone needs are loaded and checked, and are not loaded a second time", async (t) => {
  const { folder, requests, load } = await hub(t);
  const first = await load();
  assert.deepEqual(
    [first.commit, first.loaded, readdirSync(folder).sort()],
    [COMMIT, ["config.json", "model.safetensors"], [".adept-download.json", "config.json", "model.safetensors"]],
  );
  assert.deepEqual(readFileSync(join(folder, "model.safetensors")), BIG);
  requests.length = 0;
  assert.deepEqual([(await load()).loaded, files(requests)], [[], []]);
  writeFileSync(join(folder, "config.json"), "{}");
  assert.deepEqual((await load()).loaded, ["config.json"]);
  assert.deepEqual((await load({ include: ["onnx/*"] })).files, ["onnx/model.safetensors"]);
});

test("of a repository of GGUF files one is chosen; beside other weights they are not loaded", () => {
  const wanted = (paths: readonly string[], ...include: string[]): string[] =>
    wantedFiles(
      { name: "o/gguf", kind: "model", revision: "main" },
      paths.map((path): HubFile => ({ path, size: 2e9, hash: { algorithm: "git", hex: "0" } })),
      include,
    ).map(({ path }) => path);
  const parts = ["big/m-00001-of-00002.gguf", "big/m-00002-of-00002.gguf"];
  const all = ["README.md", "config.json", ...parts, "m-Q8_0.gguf", "mmproj-m.gguf"];
  assert.throws(
    () => wanted(all),
    (error) => {
      assert.ok(error instanceof UserError);
      assert.match(
        error.message,
        /one of which is to be chosen: big\/m-00001-of-00002\.gguf \(2\.0 GB\), m-Q8_0\.gguf \(2\.0 GB\)$/,
      );
      assert.match(error.action!, /adept download o\/gguf --include "big\/m-\*-of-00002\.gguf"/);
      return true;
    },
  );
  assert.deepEqual(wanted(all, "big/m-*-of-00002.gguf"), parts);
  assert.deepEqual(wanted(all, "*Q8_0.gguf"), ["m-Q8_0.gguf"]);
  assert.deepEqual(wanted([...all, "model.safetensors"]), ["config.json", "model.safetensors"]);
});

test("of several forms of weights and tokenizers, the first choice is loaded; a model without it is loaded as it is", () => {
  const loaded = (...paths: string[]): string[] =>
    wantedFiles(
      { name: "o/t5", kind: "model", revision: "main" },
      paths.map((path): HubFile => ({ path, size: 1, hash: { algorithm: "git", hex: "0" } })),
      [],
    ).map(({ path }) => path);
  const index = "pytorch_model.bin.index.json";
  const shards = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"];
  const old = ["vocab.json", "merges.txt", "added_tokens.json"];
  const others = ["tf_model.h5", "flax_model.msgpack", "README.md", "onnx/model.onnx", "training_args.bin"];
  assert.deepEqual(loaded("config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json", "spiece.model"), [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
  ]);
  assert.deepEqual(loaded("config.json", "pytorch_model.bin", ...shards, index, "spiece.model", ...others), [
    "config.json",
    "pytorch_model.bin",
    "spiece.model",
  ]);
  assert.deepEqual(loaded(...shards, index, ...old, ...others), [...shards, index, ...old]);
  assert.deepEqual(loaded("config.json", ...others), ["config.json"]);
});

test("a config that is not accepted ends the download before the weights, now and the next time", async (t) => {
  const { endpoint, folder, requests } = await hub(t);
  for (const loaded of [["config.json"], []]) {
    requests.length = 0;
    const download = downloadRepository(
      { endpoint, token: undefined, signal: new AbortController().signal, pause: 5 },
      { name: "o/t5", kind: "model", revision: "main" },
      {
        folder,
        include: [],
        accept: () => {
          assert.ok(existsSync(join(folder, "config.json")));
          throw new UserError("not-this-one", phrase`not this one`);
        },
      },
      () => {
        /* no progress to check */
      },
    );
    await fails(download, /not this one/);
    assert.deepEqual(files(requests), loaded);
  }
});

test("after a broken connection the download continues where it stopped", async (t) => {
  let broken = 0;
  const { folder, requests, load } = await hub(t, (request, response) => {
    if (request.url?.endsWith("/model.safetensors") !== true || broken++ > 1) return false;
    const from = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
    response.writeHead(from > 0 ? 206 : 200, { "content-length": BIG.length - from });
    response.write(BIG.subarray(from, from + 100_000), () => {
      setTimeout(() => {
        response.destroy();
      }, 30);
    });
    return true;
  });
  await load();
  assert.deepEqual(readFileSync(join(folder, "model.safetensors")), BIG);
  assert.deepEqual(
    requests.filter(({ url }) => url.endsWith("/model.safetensors")).map(({ range }) => range),
    [undefined, "bytes=100000-", "bytes=200000-"],
  );
});

test("a cancelled download keeps its partial file for the next one; a server without ranges starts from the beginning", async (t) => {
  const cancel = new AbortController();
  let whole = false;
  const { folder, requests, load } = await hub(t, (request, response) => {
    if (request.url?.endsWith("/model.safetensors") !== true) return false;
    if (!cancel.signal.aborted) {
      response.writeHead(200, { "content-length": BIG.length });
      response.write(BIG.subarray(0, 50_000), () => {
        setTimeout(() => {
          cancel.abort();
        }, 60);
      });
      return true;
    }
    if (whole) response.writeHead(200, { "content-length": BIG.length }).end(BIG);
    else sendFile(BIG, request, response);
    return true;
  });
  await assert.rejects(load({ signal: cancel.signal }));
  const part = readdirSync(folder).find((name) => name.endsWith(".part"))!;
  assert.equal(statSync(join(folder, part)).size, 50_000);
  whole = true;
  await load();
  assert.deepEqual(readFileSync(join(folder, "model.safetensors")), BIG);
  assert.equal(requests.at(-1)!.range, "bytes=50000-");
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith(".part")),
    [],
  );
});

test("a file with a wrong checksum is deleted", async (t) => {
  const { folder, load } = await hub(t, (request, response) => {
    if (request.url?.endsWith("/model.safetensors") !== true) return false;
    const bad = Buffer.from(BIG);
    bad[5]! ^= 1;
    sendFile(bad, request, response);
    return true;
  });
  await fails(load(), /checksum/);
  assert.deepEqual(readdirSync(folder).sort(), [".adept-download.json", "config.json"]);
});

test("errors tell apart no access, no such repository and a server that is not the Hub; a failing server is asked again", async (t) => {
  let failures = 2;
  const closed = await hub(t, (request, response) => {
    if (request.url?.includes("/revision/closed") !== true) return false;
    response.writeHead(401).end();
    return true;
  });
  await fails(closed.load({ revision: "closed" }), /not open/, /HF_TOKEN/);
  await fails(closed.load({ revision: "none" }), /404/, /revision/);
  const busy = await hub(t, (_, response) => {
    if (failures-- <= 0) return false;
    response.writeHead(failures > 0 ? 503 : 429, { "retry-after": "0" }).end();
    return true;
  });
  assert.equal((await busy.load()).commit, COMMIT);
  const other = await hub(t, (_, response) => {
    response.writeHead(200).end("<html>");
    return true;
  });
  await fails(other.load(), /HF_ENDPOINT/);
  await fails(
    downloadRepository(
      { endpoint: "http://127.0.0.1:9", token: undefined, signal: new AbortController().signal, pause: 1 },
      { name: "o/t5", kind: "model", revision: "main" },
      { folder: closed.folder, include: [] },
      () => {
        /* no progress to check */
      },
    ),
    /cannot be reached/,
  );
});

test("the token is sent only to the Hub, not to the server that it redirects to", async (t) => {
  const store = await hub(t);
  const { requests, load } = await hub(t, (request, response) => {
    if (request.url?.includes("/resolve/") !== true) return false;
    response.writeHead(302, { location: `${store.endpoint}${request.url}` }).end();
    return true;
  });
  await load({ token: "secret" });
  assert.ok(requests.length > 2 && requests.every(({ authorization }) => authorization === "Bearer secret"));
  assert.deepEqual(
    store.requests.map(({ authorization }) => authorization),
    [undefined, undefined],
  );
});

test("paths that lead out of the folder are refused before anything is written", async (t) => {
  for (const path of ["../x.safetensors", "a/../../x", "/etc/x", "a\\x", "C:x", "con.json", "a//b", "x ", "."])
    assert.equal(isSafePath(path), false, path);
  for (const path of ["config.json", "data/train-00000-of-00001.parquet", ".gitattributes"])
    assert.equal(isSafePath(path), true, path);
  const { folder, load } = await hub(t, (request, response) => {
    if (request.url !== "/page2") return false;
    response.writeHead(200).end(JSON.stringify([{ ...entry("model.safetensors"), path: "../../x.safetensors" }]));
    return true;
  });
  await fails(load(), /leads out/);
  assert.deepEqual(readdirSync(folder), []);
  assert.ok(!existsSync(join(folder, "../../x.safetensors")));
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { downloadInWorker } from "../../src/executor/downloadInWorker.ts";
import { UserError } from "../../src/base/errors.ts";

const BIG = Buffer.alloc(6_000_000, "weights ");
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
    if (url === "/api/models/o/t5/revision/main") json({ sha: COMMIT });
    else if (url.startsWith(`/api/models/o/t5/tree/${COMMIT}`))
      json([
        {
          type: "file",
          path: "model.safetensors",
          size: BIG.length,
          oid: "0".repeat(40),
          lfs: { oid: createHash("sha256").update(BIG).digest("hex"), size: BIG.length },
        },
      ]);
    else if (url === `/o/t5/resolve/${COMMIT}/model.safetensors`) {
      response.writeHead(200, { "content-length": BIG.length });
      if (slow) response.write(BIG.subarray(0, 1_000_000));
      else response.end(BIG);
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
  const out = join(folder, "o--t5");
  await downloadInWorker(
    place,
    { name: "o/t5", out },
    {
      signal: new AbortController().signal,
      onProgress: ({ file, done, total }) => {
        assert.equal(file, "model.safetensors");
        assert.equal(total, BIG.length);
        reported.push(done);
      },
    },
  );
  assert.equal(reported.at(-1), BIG.length);
  assert.deepEqual(readFileSync(join(out, "model.safetensors")), BIG);
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

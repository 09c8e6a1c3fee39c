import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { serverAddress } from "../../../src/run/files/trackerAddress.ts";
import { exportRuns } from "../../../src/tracker/exportRuns.ts";
import { askMlflow, FIRST_PATH, mlflowPlace } from "../../../src/tracker/mlflow/mlflowRequest.ts";
import { sendPoints } from "../../../src/tracker/mlflow/mlflowServer.ts";
import { madeRun } from "./madeRun.ts";

// Servers of the loopback that answer as no MLflow, or as one that refuses. What a real one keeps: test/trackers.

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
const servers: ReturnType<typeof createServer>[] = [];
after(() => {
  for (const each of servers) each.close().closeAllConnections();
});
async function served(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request
      .on("data", (part: Buffer) => parts.push(part))
      .on("end", () => {
        answer(request, response, Buffer.concat(parts).toString("utf8"));
      });
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const never = new AbortController().signal;
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (each: unknown) => each,
  );
  assert.ok(error instanceof UserError, String(error));
  assert.ok(error.action !== undefined && error.action.length > 0);
  return error.code;
};
const said = (status: number, body: string, headers: Record<string, string> = {}) =>
  served((_, response) => {
    response.writeHead(status, headers).end(body);
  });

test("each obstacle is said by its own error", async () => {
  const first = (address: string): Promise<string> =>
    codeOf(exportRuns([madeRun()], { mlflow: address, steps: false }));
  assert.equal(await first(await said(401, "")), "mlflow-not-open");
  assert.equal(await first(await said(403, "{}")), "mlflow-not-open");
  assert.equal(await first(await said(404, "<html>not here</html>")), "mlflow-unknown");
  assert.equal(await first(await said(200, "<html>hello</html>")), "mlflow-unknown");
  assert.equal(await first(await said(200, "{}")), "mlflow-answer-malformed");
  assert.equal(await first(await said(404, '{"error_code":"ENDPOINT_NOT_FOUND"}')), "mlflow-too-old");
  assert.equal(await first(await said(500, '{"error_code":"INTERNAL_ERROR","message":"oh"}')), "mlflow-refused");
  assert.equal(await first(await said(502, "bad gateway")), "mlflow-refused");
  // A port that nobody listens at.
  const gone = await served(() => undefined);
  servers.at(-1)!.close();
  assert.equal(await first(gone), "mlflow-not-reachable");
  assert.equal(await first("ftp://localhost/x"), "tracker-address-unknown");
  assert.equal(await first("http://me:secret@localhost:5000"), "tracker-address-with-password");
});

test("only the named host is spoken to: an answer that leads elsewhere is not followed", async () => {
  let asked = 0;
  const other = await served((_, response) => {
    asked += 1;
    response.end("{}");
  });
  const address = await said(307, "", { location: `${other}/api/2.0/mlflow/${FIRST_PATH}` });
  assert.equal(await codeOf(exportRuns([madeRun()], { mlflow: address, steps: false })), "mlflow-elsewhere");
  assert.equal(asked, 0);
});

test("a server that does not answer is given up; who interrupts does not wait for it", async () => {
  const address = await served(() => undefined);
  const place = { ...mlflowPlace(address, {}, never), patience: 200 };
  assert.equal(await codeOf(askMlflow(place, { path: FIRST_PATH })), "mlflow-not-reachable");
  const stop = new AbortController();
  setTimeout(() => {
    stop.abort();
  }, 100);
  const began = performance.now();
  await assert.rejects(askMlflow(mlflowPlace(address, {}, stop.signal), { path: FIRST_PATH }), { name: "AbortError" });
  assert.ok(performance.now() - began < 10_000);
});

test("MLflow's own variables let in: a token, or a name with a password", async () => {
  const seen: (string | undefined)[] = [];
  const address = await served(({ headers }, response) => {
    seen.push(headers.authorization);
    response.end("{}");
  });
  const environments = [
    {},
    { MLFLOW_TRACKING_TOKEN: "abc" },
    { MLFLOW_TRACKING_USERNAME: "mé", MLFLOW_TRACKING_PASSWORD: "p:w" },
  ];
  for (const each of environments) await askMlflow(mlflowPlace(address, each, never), { path: FIRST_PATH });
  assert.deepEqual(seen, [undefined, "Bearer abc", `Basic ${Buffer.from("mé:p:w").toString("base64")}`]);
  assert.throws(() => mlflowPlace(address, { MLFLOW_TRACKING_TOKEN: "a\nb" }, never), UserError);
});

test("points go in calls of at most a thousand, in order, with their progress", async () => {
  const calls: { key: string; step: number }[][] = [];
  const address = await served((_, response, body) => {
    calls.push((JSON.parse(body) as { metrics: { key: string; step: number }[] }).metrics);
    response.end("{}");
  });
  const points = Array.from({ length: 2345 }, (_, step) => ({ key: "k", step, time: step, value: step }));
  const progress: number[] = [];
  await sendPoints(mlflowPlace(address, {}, never), "r", points, (done) => progress.push(done));
  assert.deepEqual(
    calls.map(({ length }) => length),
    [1000, 1000, 345],
  );
  assert.deepEqual(
    calls.flat().map(({ step }) => step),
    points.map(({ step }) => step),
  );
  assert.deepEqual(progress, [1000, 2000, 2345]);
});

test("an address keeps its path and loses what is not part of it", () => {
  assert.equal(serverAddress("HTTPS://Host.example/mlflow/?x=1#y"), "https://host.example/mlflow");
  assert.equal(serverAddress("http://127.0.0.1:5000/"), "http://127.0.0.1:5000");
});

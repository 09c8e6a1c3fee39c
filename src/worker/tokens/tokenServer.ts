import { statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import * as z from "zod";
import { sentError } from "../../base/errors.ts";
import { TokenRequest, type TokenReply } from "../../protocol/heatmapQuestions.ts";
import { ggufProblem } from "../../backbone/ggufProblem.ts";
import { SetupRequest } from "../../protocol/setupQuestions.ts";
import { RunDirectory } from "../../run/directory/runDirectory.ts";
import { rowReadingOf } from "../../task/rowReading.ts";
import { checkExperiment } from "../check/checkExperiment.ts";
import { checkedRuns } from "../check/checkedRuns.ts";
import { inspect, sizesWithin } from "./inspect.ts";
import { memoryWithin } from "./inspectMemory.ts";
import { KnownData } from "../check/knownData.ts";
import { KnownFields } from "../check/knownFields.ts";
import { OpenTokens } from "./openTokens.ts";

/** The number of runs whose tables are kept. */
const MOST_OPEN = 8;
type Request = TokenRequest | SetupRequest;

/** Answers the questions of a token worker, with tokenizers and tables of the runs asked for last. */
class TokenServer {
  private readonly open = new Map<string, OpenTokens>();
  private readonly data = new KnownData();
  private readonly fields = new KnownFields();

  answer(request: Request): Promise<unknown> | object {
    switch (request.type) {
      case "open":
        return this.of(request.run).opened();
      case "reading":
        return rowReadingOf(RunDirectory.open(request.run).experiment().task);
      case "encode":
        return this.of(request.run).encode(request);
      case "token":
        return this.of(request.run).details(request.token, request.place);
      case "inspect":
        return inspect(request, this.data);
      case "usable": {
        const problem = ggufProblem(request.path);
        return problem === undefined ? {} : { problem };
      }
      case "sizes":
        return sizesWithin(request.backbone, request.budgets);
      case "memory":
        return memoryWithin(request);
      case "check":
        return checkExperiment(request.path, request.text, this.fields);
      case "trainable":
        return checkedRuns(request.path, [], { known: this.fields }).then(({ length }) => ({ runs: length }));
    }
  }

  private of(path: string): OpenTokens {
    // A run that was trained further has other offsets.
    const stats = statSync(join(path, "adapter", "adapter_model.safetensors"), { throwIfNoEntry: false });
    const stamp = stats === undefined ? "" : `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
    const key = `${path} ${stamp}`;
    const known = this.open.get(key) ?? OpenTokens.open(path, stamp);
    this.open.delete(key);
    this.open.set(key, known);
    for (const oldest of [...this.open.keys()].slice(0, -MOST_OPEN)) this.open.delete(oldest);
    return known;
  }
}

/** Questions that read data or solve for sizes, which may take long. */
const PATIENT: readonly string[] = [
  "inspect",
  "memory",
  "sizes",
  "usable",
  "check",
  "trainable",
] satisfies SetupRequest["type"][];

/**
 * Answers requests, a JSON line each, until its input ends. Requests are answered in order, in two queues: one for what
 * an editor waits for, one for what may take long. It opens no model: a tokenizer and a table for each run.
 */
export async function serveTokens(input: Readable, output: Writable): Promise<void> {
  const server = new TokenServer();
  const lanes = { quick: Promise.resolve(), patient: Promise.resolve() };
  const reply = (told: TokenReply): void => {
    output.write(`${JSON.stringify(told)}\n`);
  };
  const answer = async (request: Request): Promise<void> => {
    const { id } = request;
    try {
      reply({ id, result: await server.answer(request) });
    } catch (error) {
      reply({ id, error: sentError(error) });
    }
  };
  for await (const line of createInterface({ input })) {
    const asked = Asked.safeParse(parseJson(line));
    if (!asked.success) continue;
    const { id, type } = asked.data;
    const lane = PATIENT.includes(type) ? "patient" : "quick";
    const parsed = (lane === "patient" ? SetupRequest : TokenRequest).safeParse(asked.data);
    // The sender waits for an answer to every request.
    if (!parsed.success) {
      reply({
        id,
        error: {
          message: `a question that the token worker does not know: ${z.prettifyError(parsed.error).slice(0, 500)}`,
        },
      });
      continue;
    }
    // Each answer waits for a turn of the event loop, so that requests that arrived meanwhile are read first.
    lanes[lane] = lanes[lane].then(() => nextTurn()).then(() => answer(parsed.data));
  }
  await Promise.all(Object.values(lanes));
}

const Asked = z.looseObject({ id: z.number().int(), type: z.string() });
const nextTurn = (): Promise<void> =>
  new Promise((done) => {
    setImmediate(done);
  });

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

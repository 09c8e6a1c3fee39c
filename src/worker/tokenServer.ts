import { statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import * as z from "zod";
import { UserError } from "../experiment/errors.ts";
import { TokenRequest, type TokenReply } from "../heatmap/protocol.ts";
import { SetupRequest } from "../experiment/setupProtocol.ts";
import { RunDirectory } from "../run/runDirectory.ts";
import { readingOf } from "../task/reading.ts";
import { checkExperiment } from "./checkExperiment.ts";
import { inspect, sizesWithin } from "./inspect.ts";
import { KnownData } from "./knownData.ts";
import { OpenTokens } from "./openTokens.ts";

/** Runs whose tables are kept. */
const MOST_OPEN = 8;
const Request = z.union([TokenRequest, SetupRequest]);
type Request = z.infer<typeof Request>;

/** The answers of a token worker: tokenizers and tables of the runs asked for last. */
class TokenServer {
  private readonly open = new Map<string, OpenTokens>();
  private readonly data = new KnownData();

  answer(request: Request): Promise<unknown> | object {
    switch (request.type) {
      case "open": return this.of(request.run).opened();
      case "reading": { const reading = readingOf(RunDirectory.open(request.run).experiment().task); return reading === undefined ? {} : { reading }; }
      case "encode": return this.of(request.run).encode(request);
      case "token": return this.of(request.run).details(request.token, request.place);
      case "inspect": return inspect(request, this.data);
      case "sizes": return sizesWithin(request.backbone, request.budgets);
      case "check": return checkExperiment(request.path, request.text, this.data);
    }
  }

  private of(path: string): OpenTokens {
    // A run that was trained on has other offsets.
    const key = `${path} ${statSync(join(path, "adapter", "adapter_model.safetensors"), { throwIfNoEntry: false })?.mtimeMs ?? 0}`, known = this.open.get(key) ?? OpenTokens.open(path);
    this.open.delete(key);
    this.open.set(key, known);
    for (const oldest of [...this.open.keys()].slice(0, -MOST_OPEN)) this.open.delete(oldest);
    return known;
  }
}

/** Answers requests, a JSON line each, until its input ends. It opens no backbone: a tokenizer and a table a run. */
export async function serveTokens(input: Readable, output: Writable): Promise<void> {
  const server = new TokenServer();
  const reply = (told: TokenReply): void => { output.write(`${JSON.stringify(told)}\n`); };
  for await (const line of createInterface({ input })) {
    const parsed = Request.safeParse(parseJson(line));
    if (!parsed.success) continue;
    const { id } = parsed.data;
    try { reply({ id, result: await server.answer(parsed.data) }); } catch (error) {
      const known = error instanceof UserError;
      reply({ id, error: { message: error instanceof Error ? error.message : String(error), ...(known && error.action !== undefined && { action: error.action }), bug: !known } });
    }
  }
}

function parseJson(line: string): unknown {
  try { return JSON.parse(line); } catch { return undefined; }
}

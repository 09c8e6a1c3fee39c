import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { TokenReply } from "../../../src/protocol/heatmapQuestions.ts";
import { UsableAnswer } from "../../../src/protocol/setupQuestions.ts";
import { serveTokens } from "../../../src/worker/tokens/tokenServer.ts";
import { tinyGguf } from "../backbone/tinyGguf.ts";

test("the token worker says of a GGUF file whether it can be a backbone, and why not", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adept-usable-"));
  process.env["ADEPT_CACHE"] = join(folder, "cache");
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const models = { good: tinyGguf(), strange: tinyGguf("mamba"), cut: tinyGguf().subarray(0, 700) };
  const [input, output] = [new PassThrough(), new PassThrough()];
  Object.entries(models).forEach(([name, bytes], id) => {
    const path = join(folder, `${name}.gguf`);
    writeFileSync(path, bytes);
    input.write(`${JSON.stringify({ id, type: "usable", path })}\n`);
  });
  input.end();
  await serveTokens(input, output);
  const answers = String(output.read())
    .trim()
    .split("\n")
    .map((line) => UsableAnswer.parse(TokenReply.parse(JSON.parse(line)).result))
    .map(({ problem }) => problem && english(problem));
  assert.deepEqual(answers, [undefined, 'architecture "mamba" is not supported', "damaged or incomplete"]);
});

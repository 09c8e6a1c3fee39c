import { parseArgs } from "node:util";
import { endWithParent } from "./worker/parentWatch.ts";
import { serveTokens } from "./worker/tokens/tokenServer.ts";

// The process that answers the window's questions about tokens, data and experiments. It loads tokenizers and tables of
// offsets, but no engine.
const { parent } = parseArgs({ options: { parent: { type: "string" } } }).values;
// Its input ends with the window too, but it notices that only after its current answer.
if (parent !== undefined) endWithParent(Number(parent));
serveTokens(process.stdin, process.stdout).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

import { parseArgs } from "node:util";
import { endWithParent } from "./worker/parentWatch.ts";
import { serveTokens } from "./worker/tokens/tokenServer.ts";

// The window's small process: tokenizers and tables of offsets, data and experiments looked at; no engine is loaded
// into it.
const { parent } = parseArgs({ options: { parent: { type: "string" } } }).values;
// Its input ends with the window too, but it hears of that only when it has done what it is at.
if (parent !== undefined) endWithParent(Number(parent));
serveTokens(process.stdin, process.stdout).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

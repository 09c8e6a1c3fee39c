import { serveTokens } from "./worker/tokenServer.ts";

// The window's small process: tokenizers and tables of offsets, data and experiments looked at; no engine is loaded into it.
serveTokens(process.stdin, process.stdout).catch((error: unknown) => { console.error(error); process.exitCode = 1; });

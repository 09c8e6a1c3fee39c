// Fetches the VS Code builds that tests run in: the usual one, and the releases of code-server that are named.
import { installVscode } from "./installVscode.ts";

for (const release of [undefined, ...process.argv.slice(2)]) console.log(`VS Code ${installVscode(release).version}`);

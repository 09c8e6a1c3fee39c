// Fetches the VS Code builds that tests run in: the usual one, and those named (releases of code-server).
import { installVscode } from "./installVscode.ts";

for (const release of [undefined, ...process.argv.slice(2)]) console.log(`VS Code ${installVscode(release).version}`);

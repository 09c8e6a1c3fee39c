// npm run check:gpu [RESULT.json] [-- --patience 2]: whether and how fast everything runs on this machine's GPU; see
// README.md. Patience multiplies all time limits, for a machine that does other things too.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { toTable } from "../bench/report/table.ts";
import { Check } from "./check.ts";
import { goldenPart } from "./goldenPart.ts";
import { latencyPart } from "./latencyPart.ts";
import { serveSide } from "./ownSide.ts";
import { runPart } from "./runPart.ts";
import { stepPart } from "./stepPart.ts";

const PARTS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  goldens: goldenPart,
  steps: stepPart,
  run: runPart,
  latency: latencyPart,
};

/** Where the result is written: the argument, else in the folder $OUT; undefined without both. */
function resultFile(given: string | undefined): string | undefined {
  if (given !== undefined) return given;
  const { OUT } = process.env;
  return OUT === undefined || OUT === "" ? undefined : join(OUT, "check-gpu.json");
}

async function checkAll(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { patience: { type: "string", default: "1" } },
  });
  const check = new Check(Number(values.patience), ({ state, bench, case: what, note = "" }) => {
    console.error(`${state === "done" ? "" : `${state.toUpperCase()}: `}${bench}, ${what}: ${note}`);
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      check.close();
      process.exit(130);
    });
  const result = await check.run();
  const file = resultFile(positionals[0]);
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(result, undefined, 1)}\n`);
  console.log(
    toTable(result.rows.map((row) => (row.state === "failed" ? { ...row, note: `FAILED: ${row.note ?? ""}` } : row))),
  );
  const failed = result.rows.filter(({ state }) => state === "failed").length;
  console.log(`\n${failed} failed, ${Math.round(result.seconds)} s${file === undefined ? "" : `, ${file}`}`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function part(name: string, args: readonly string[]): Promise<void> {
  // A part does not outlive whoever started it.
  process.once("disconnect", () => process.exit(1));
  try {
    await PARTS[name]!(args);
    process.exit(0);
  } catch (error) {
    // Whoever started it shows the last lines.
    console.error(error instanceof Error ? `${error.stack ?? ""}\n${error.message}` : error);
    process.exit(1);
  }
}

const [call, ...args] = process.argv.slice(2);
if (call === "part") await part(args[0]!, args.slice(1));
else if (call === "side") await serveSide(args);
else await checkAll(process.argv.slice(2));

import { exportTo } from "../../worker/exportJob.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { namedRun } from "../namedRun.ts";
import { say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

const OPTIONS = {
  out: { type: "string", value: "DIR", required: true, help: "folder to write" },
  folded: { type: "boolean", help: "writes a Hugging Face folder with the method in its weights" },
  force: { type: "boolean", help: "replaces a folder that is there" },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** Writes the run's adapter, or its backbone with the adapter folded into the weights. */
function run({ values, positionals: [wanted = "latest"] }: Parsed<typeof OPTIONS>): Promise<number> {
  if (values.out === undefined) throw new WrongUse("export needs --out");
  const result = exportTo(namedRun(values["runs-dir"], wanted), {
    out: values.out,
    folded: values.folded === true,
    force: values.force === true,
  });
  say(
    values.json === true
      ? JSON.stringify(result)
      : `${result.folder}${result.input.length > 0 ? ` (${result.input.join(", ")} in ${result.place ?? ""}; see its README.md)` : ""}`,
  );
  return Promise.resolve(0);
}

export const exportCommand = command({
  summary: "writes a run's adapter, or its backbone with the adapter folded into the weights",
  takes: "[RUN]",
  options: OPTIONS,
  examples: ["adept export latest --out my-adapter", "adept export latest --out my-model --folded"],
  run,
});

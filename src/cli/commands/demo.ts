import { fileURLToPath } from "node:url";
import type { RunRecord } from "../../record/record.ts";
import { submitExperiment } from "../../executor/submit.ts";
import { follow, untilExit } from "../follow.ts";
import { percent, place, runsFolder } from "../place.ts";
import { say } from "../terminal.ts";

function table(record: RunRecord): string[] {
  const tested = (label: string): number =>
    record.evaluations.find((e) => e.split === "test" && e.label === label)?.metrics["accuracy"] ?? NaN;
  const rows: [string, number][] = [
    ["ADePT, trained", tested("trained")],
    ["FFN off", tested("ffn-off")],
    ["prompt off", tested("prompt-off")],
    ["untrained (step 0)", tested("untrained")],
    ["majority class", record.majority ?? NaN],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(20)} ${percent(value).padStart(8)}`);
}

/** adept demo: the mail experiment on the embedded backbone, with its baselines and ablations. */
export async function demo(): Promise<number> {
  const experimentPath = fileURLToPath(new URL("../examples/mail.adept.json", import.meta.url));
  say("Training ADePT on 6,046 real mails (spam or ham) with the embedded T5 of 2.4 M parameters.");
  const {
    runs: [run],
    child,
  } = submitExperiment({ ...place(), experimentPath, runsDir: runsFolder(undefined), git: true });
  if (run === undefined || child === undefined) throw new Error("the sample is one run");
  const { record, interrupted } = await follow(run, untilExit(child));
  if (record.status !== "finished") {
    say(`${record.status}: ${record.error?.message ?? ""}`);
    return interrupted ? 130 : 1;
  }
  say(`\nTest accuracy (n=${record.examples?.test ?? 0}, ${record.trainable ?? 0} trainable parameters)`);
  for (const line of table(record)) say(line);
  say(
    `\nRun      ${run.id}\nCommit   ${record.resultCommit ?? `none: ${record.gitMessage ?? ""}`} (${record.ref ?? ""})\nAdapter  ${run.adapterPath}`,
  );
  say(`\nTry it:  node dist/cli.js predict latest "subject: lunch body: are you free on friday?"`);
  return 0;
}

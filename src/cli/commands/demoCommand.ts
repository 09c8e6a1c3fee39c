import { fileURLToPath } from "node:url";
import type { RunRecord } from "../../record/record.ts";
import { submitExperiment } from "../../executor/submit.ts";
import { command } from "../command.ts";
import { followWorker } from "../followWorker.ts";
import { localWorker } from "../localWorker.ts";
import { runsFolder } from "../namedRun.ts";
import { percentText } from "../../base/text/percentText.ts";
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
  return rows.map(([name, value]) => `  ${name.padEnd(20)} ${percentText(value).padStart(8)}`);
}

async function run(): Promise<number> {
  const experimentPath = fileURLToPath(new URL("../examples/mail.adept.json", import.meta.url));
  say("Training ADePT on 6,046 real mails (spam or ham) with the embedded backbone of 2.4 M parameters.");
  const {
    runs: [sample],
    child,
  } = submitExperiment(experimentPath, { ...localWorker(), runsDir: runsFolder(), git: true });
  if (sample === undefined || child === undefined) throw new Error("the sample is one run");
  const { record, ended } = await followWorker(sample, child);
  if (record.status !== "finished") {
    say(`${record.status}: ${record.error?.message ?? ""}`);
    return ended ?? 1;
  }
  say(`\nTest accuracy (n=${record.examples?.test ?? 0}, ${record.trainable ?? 0} trainable parameters)`);
  for (const line of table(record)) say(line);
  say(
    `\nRun      ${sample.id}\nCommit   ${record.resultCommit ?? `none: ${record.gitMessage ?? ""}`} (${record.ref ?? ""})\nAdapter  ${sample.adapterPath}`,
  );
  say(`\nTry it:  node dist/cli.js predict latest "subject: lunch body: are you free on friday?"`);
  return 0;
}

export const demoCommand = command({
  summary: "trains the mail sample on the embedded backbone, with its baselines and ablations",
  takes: "",
  options: {},
  examples: ["adept demo"],
  run,
});

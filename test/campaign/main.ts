// npm run campaign: for a bounded time kills workers, windows and queues, damages files, cuts the power, fills disks,
// opens several windows at once and lets processes compete for git; with --cluster N it also kills tasks, nodes and the
// controller of a Slurm cluster. Exits with 1 if anything was lost or corrupted.
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { clusterEpisode } from "./clusterEpisode.ts";
import { fullDisks } from "./fullDisks.ts";
import { gitEpisode } from "./gitContention.ts";
import { killEpisode } from "./kills.ts";
import { powerEpisode } from "./powerCut.ts";
import { queueEpisode } from "./queueKills.ts";
import { Amiss, Counter, type Finding, type Tally } from "./tally.ts";
import { tornEpisode, tornTemplates } from "./torn.ts";
import { windowsEpisode } from "./windows.ts";

const OUTPUT = resolve(import.meta.dirname, "../output");
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "300" },
    queue: { type: "string", default: "100" },
    torn: { type: "string", default: "100" },
    power: { type: "string", default: "10000" },
    full: { type: "string", default: "50" },
    windows: { type: "string", default: "10" },
    git: { type: "string", default: "50" },
    // Needs root on Linux, and Slurm or apt.
    cluster: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "60" },
    slots: { type: "string", default: "2" },
    from: { type: "string", default: "0" },
  },
});
const seed = Number(values.seed);
const from = Number(values.from);
const end = performance.now() + Number(values.minutes) * 60_000;
const isOver = (): boolean => performance.now() > end;

/**
 * Runs episodes of one kind, a few in parallel, until enough was tried or the time is over.
 * @param work runs one episode and returns how much it tried
 */
async function part(
  name: string,
  wanted: number,
  work: (episode: number, counter: Counter) => Promise<number>,
  slots = Number(values.slots),
): Promise<Tally> {
  const counter = new Counter();
  const findings: Finding[] = [];
  const began = performance.now();
  let next = from;
  let done = 0;
  const slot = async (): Promise<void> => {
    while (done < wanted && !isOver()) {
      const episode = next++;
      try {
        const tried = await work(episode, counter);
        done += tried;
      } catch (error) {
        const finding: Finding = {
          kind: error instanceof Amiss ? error.kind : "lost",
          episode: `--seed ${seed} --from ${episode} (${name})`,
          what: error instanceof Amiss ? error.message : String((error as Error).stack),
          folder: (error as { folder?: string }).folder ?? "",
        };
        findings.push(finding);
        // An episode that fails has tried something before.
        done += Math.max(1, (error as { tried?: number }).tried ?? 0);
        console.log(`  ${finding.kind}: ${finding.episode}: ${finding.what} ${finding.folder}`);
      }
      if (episode % 10 === 9)
        console.log(`  ${name}: ${done} of ${wanted}, ${Math.round((performance.now() - began) / 1000)} s`);
    }
  };
  await Promise.all(Array.from({ length: wanted > 0 ? slots : 0 }, slot));
  return { part: name, episodes: done, tried: counter.tried, findings, seconds: (performance.now() - began) / 1000 };
}

const tallies: Tally[] = [];
tallies.push(await part("kills", Number(values.kills), (episode, counter) => killEpisode(seed, episode, counter)));
tallies.push(await part("queue", Number(values.queue), (episode, counter) => queueEpisode(seed, episode, counter)));
const templates = Number(values.torn) > 0 ? await tornTemplates() : undefined;
tallies.push(
  await part("torn", Number(values.torn), (episode, counter) => tornEpisode(templates!, { seed, episode }, counter)),
);
templates?.remove();
tallies.push(await part("power", Number(values.power), (episode, counter) => powerEpisode(seed, episode, counter), 1));
tallies.push(
  await part("cluster", Number(values.cluster), (episode, counter) => clusterEpisode(seed, episode, counter)),
);
tallies.push(
  await part("windows", Number(values.windows), (episode, counter) => windowsEpisode(seed, episode, counter), 1),
);
tallies.push(
  await part("git", Number(values.git) > 0 ? 1 : 0, (_, counter) => gitEpisode(Number(values.git), counter), 1),
);
if (Number(values.full) > 0) tallies.push(await fullDisks({ seed, from, count: Number(values.full), isOver }));

const findings = tallies.flatMap((each) => each.findings);
const lost = findings.filter(({ kind }) => kind === "lost").length;
const corrupt = findings.filter(({ kind }) => kind === "corrupt").length;
mkdirSync(OUTPUT, { recursive: true });
writeFileSync(join(OUTPUT, "campaign.json"), JSON.stringify({ seed, tallies, lost, corrupt }, undefined, 1));
for (const { part: name, episodes, tried, seconds, findings: own, note } of tallies) {
  console.log(
    `${name}: ${episodes} tried in ${Math.round(seconds)} s, ${own.length} findings${note === undefined ? "" : ` (${note})`}`,
  );
  for (const [what, times] of Object.entries(tried).sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`  ${String(times).padStart(4)} ${what}`);
}
for (const { kind, episode, what, folder } of findings) console.log(`${kind}: ${episode}: ${what} ${folder ?? ""}`);
console.log(
  `${lost} lost, ${corrupt} corrupt, ${findings.length - lost - corrupt} unclear; ${join(OUTPUT, "campaign.json")}`,
);
process.exitCode = findings.length > 0 ? 1 : 0;

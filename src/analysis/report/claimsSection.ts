import type { Block } from "./blocks.ts";
import { claimsOf, verdictOf, type Claim } from "./claims.ts";
import { counted, detectable, measured, unitsOf } from "./claimText.ts";
import { flatten } from "../../base/keyPath.ts";
import { adept } from "../../method/adept/adept.ts";
import type { SeedGroup } from "./reportedRun.ts";
import { isAnalysed, standing } from "./standing.ts";

const hasAnalysis = ({ runs }: SeedGroup): boolean => runs.some(isAnalysed);

/** The number of training examples of a group's runs, of a few-shot task alone. */
const shotsOf = ({ runs }: SeedGroup): number | undefined => runs[0]?.experiment.task.shots?.k;

/** Retrained ablations are ADePT with a part less, but for the first, which is whole. */
const isWhole = ({ runs }: SeedGroup): boolean => [undefined, "A0"].includes(runs[0]?.experiment.part?.case);

/** How many settings the method of a group has: a remedy is one more setting of ADePT. */
const settingsOf = ({ runs }: SeedGroup): number => flatten(runs[0]!.experiment.method).size;

/** The setting of ADePT that the claims are about: analysed, with most seeds, plain, and the best on validation. */
function adeptOf(groups: readonly SeedGroup[]): SeedGroup | undefined {
  const all = groups.filter(({ kind }) => kind === adept.kind);
  const whole = all.some(isWhole) ? all.filter(isWhole) : all;
  const analysed = whole.some(hasAnalysis) ? whole.filter(hasAnalysis) : whole;
  const most = Math.max(0, ...analysed.map(({ runs }) => runs.length));
  const seeded = analysed.filter(({ runs }) => runs.length === most);
  const fewest = Math.min(...seeded.map(settingsOf));
  return standing(seeded, { isOne: (group) => settingsOf(group) === fewest, count: ({ runs }) => runs.length });
}

/** The claims about one setting of ADePT among groups of one task; undefined without it. */
export function claimsAmong(groups: readonly SeedGroup[]): { adept: SeedGroup; claims: Claim[] } | undefined {
  const own = adeptOf(groups);
  if (own === undefined) return undefined;
  return {
    adept: own,
    claims: claimsOf(
      own,
      groups.filter(({ kind }) => kind !== adept.kind),
    ),
  };
}

function claimsTable(groups: readonly SeedGroup[]): Block[] {
  const among = claimsAmong(groups);
  if (among === undefined || among.claims.length === 0) return [];
  return [
    {
      kind: "table",
      caption: `Claims about ${among.adept.label}: effects in ${unitsOf(among.claims)}, above 0 or 1 where they speak for the claim, with 95 % intervals`,
      header: ["claim", "measured", "verdict", "could have been found", "n"],
      rows: among.claims.map((claim) => [
        claim.text,
        measured(claim),
        verdictOf(claim),
        detectable(claim),
        counted(claim),
      ]),
    },
  ];
}

/**
 * The paper's claims, each with what these runs say of it; empty without runs of ADePT. Runs with other numbers of
 * training examples have tables of their own.
 */
export function claimsSection(groups: readonly SeedGroup[]): Block[] {
  const ks = [...new Set(groups.map(shotsOf))];
  const tables = ks.flatMap((k) => claimsTable(groups.filter((group) => shotsOf(group) === k)));
  return tables.length === 0
    ? []
    : [{ kind: "heading", level: 3, text: "What the paper says, on this task" }, ...tables];
}

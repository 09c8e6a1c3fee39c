import type { Block } from "./blocks.ts";
import { claimsOf, verdictOf, type Claim } from "./claims.ts";
import { number, points } from "./format.ts";
import type { SeedGroup } from "./reportedRun.ts";

const shown = ({ unit }: Claim, value: number): string =>
  unit === "share" ? points(value) : `${number(10 ** value, 3)} times`;

function measured(claim: Claim): string {
  const { mean, interval } = claim;
  const middle = shown(claim, mean);
  if (interval === undefined) return `${middle} (one seed)`;
  return `${middle} [${shown(claim, interval[0])}, ${shown(claim, interval[1])}]`;
}

/** Half the interval: an effect of this size would have been found about half the time. */
function detectable(claim: Claim): string {
  if (claim.interval === undefined) return "";
  const half = (claim.interval[1] - claim.interval[0]) / 2;
  return claim.unit === "share" ? `${points(half)} points` : `${number(10 ** half, 3)} times`;
}

const hasAnalysis = ({ runs }: SeedGroup): boolean => runs.some(({ analyses }) => Object.keys(analyses).length > 0);

/** The number of training examples of a group's runs, of a few-shot task alone. */
const shotsOf = ({ runs }: SeedGroup): number | undefined => runs[0]?.experiment.task.shots?.k;

/** Of several settings of a method the analysed one stands for it, else the first. */
function oneOfEachMethod(groups: readonly SeedGroup[]): SeedGroup[] {
  const kinds = [...new Set(groups.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const own = groups.filter((group) => group.kind === kind);
    return own.find(hasAnalysis) ?? own[0]!;
  });
}

/** The table of claims about one setting of ADePT; empty without it. */
function claimsTable(groups: readonly SeedGroup[]): Block[] {
  const chosen = oneOfEachMethod(groups);
  const adept = chosen.find(({ kind }) => kind === "adept");
  if (adept === undefined) return [];
  const claims = claimsOf(
    adept,
    chosen.filter((group) => group !== adept),
  );
  if (claims.length === 0) return [];
  return [
    {
      kind: "table",
      caption: `Claims about ${adept.label}: effects in points or times, above 0 or 1 where they speak for the claim, with 95 % intervals`,
      header: ["claim", "measured", "verdict", "could have been found", "n"],
      rows: claims.map((claim) => [
        claim.text,
        measured(claim),
        verdictOf(claim),
        detectable(claim),
        `${claim.n} ${claim.over}`,
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

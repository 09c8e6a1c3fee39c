import type { Block } from "./blocks.ts";
import { claimsOf, verdictOf, type Claim } from "./claims.ts";
import { detectable, measured } from "./claimText.ts";
import type { SeedGroup } from "./reportedRun.ts";

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

/** The claims about one setting of ADePT among groups of one task; undefined without it. */
export function claimsAmong(groups: readonly SeedGroup[]): { adept: SeedGroup; claims: Claim[] } | undefined {
  const chosen = oneOfEachMethod(groups);
  const adept = chosen.find(({ kind }) => kind === "adept");
  if (adept === undefined) return undefined;
  return {
    adept,
    claims: claimsOf(
      adept,
      chosen.filter((group) => group !== adept),
    ),
  };
}

function claimsTable(groups: readonly SeedGroup[]): Block[] {
  const among = claimsAmong(groups);
  if (among === undefined || among.claims.length === 0) return [];
  return [
    {
      kind: "table",
      caption: `Claims about ${among.adept.label}: effects in points or times, above 0 or 1 where they speak for the claim, with 95 % intervals`,
      header: ["claim", "measured", "verdict", "could have been found", "n"],
      rows: among.claims.map((claim) => [
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

import axe from "axe-core";
import type { Page } from "playwright-core";

/** What axe-core finds serious or critical on a page. */
export async function graveViolations(page: Page, tab: string): Promise<string[]> {
  // Through the debugger's own world: the page's policy stays as it is.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (
      window as unknown as {
        axe: {
          run: (options: object) => Promise<{
            violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[];
          }>;
        };
      }
    ).axe.run({ resultTypes: ["violations"] }),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${tab} ${id}: ${nodes
          .slice(0, 3)
          .map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary}`)
          .join(" | ")}`,
    );
}

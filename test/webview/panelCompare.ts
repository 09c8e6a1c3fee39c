// Runs side by side.
import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, figure, goTo, rowsOf, saved, viewOfRecord, fixture } from "./panelFixture.ts";
import { until } from "./until.ts";

test("compared runs: the same figures as adept compare, differing settings alone, and each pair against the first", async () => {
  const { page, posted, context } = await fixture.host.open(fixture.runs.run("adept", 0).id);
  const chosen = ["adept", "dept", "pt"].flatMap((method) => [0, 1].map((seed) => fixture.runs.run(method, seed)));
  await goTo(page, "compare");
  await choose(
    page,
    chosen.map(({ id }) => id),
  );
  await figure(page, "Test accuracy over seeds").locator("vscode-button", { hasText: "CSV" }).click();
  const rows = rowsOf(
    (await until(
      () => saved(posted).at(-1),
      (message) => message !== undefined,
    ))!.data,
  );
  const told = JSON.parse(fixture.runs.cli("compare", "--json", ...chosen.map(({ id }) => id))) as {
    rows: { label: string; test: { mean: number; interval: [number, number] } }[];
  };
  assert.deepEqual(
    rows.map((row) => [row["Model"], Number(row["accuracy"]), Number(row["low"])]),
    told.rows.map(({ label, test: { mean, interval } }) => [label, mean, interval[0]]),
  );
  const settings = await figure(page, "Settings that differ").locator("tbody th").allInnerTexts();
  assert.ok(settings.includes("method.kind") && settings.includes("seed"));
  assert.ok(!settings.includes("training.steps") && !settings.some((key) => key.startsWith("part.")));
  const pairs = figure(page, "Each run against");
  await pairs.locator(".tools vscode-checkbox").click();
  assert.equal(await pairs.locator("tbody tr").count(), chosen.length - 1);
  await context.close();
});

test("a comparison that is being made can be cancelled, and one that failed or was cancelled made again", async () => {
  const { page, posted, send, context } = await fixture.host.open(fixture.runs.run("adept", 0).id, {
    silent: ["compare"],
  });
  const ids = [fixture.runs.run("adept", 0).id, fixture.runs.run("pt", 0).id];
  const asked = (): number => posted.filter((message) => message.type === "compare" && message.ids.length === 2).length;
  await goTo(page, "compare");
  await choose(page, ids);
  await until(asked, (count) => count === 1);
  const tab = page.locator("#view-compare");
  await tab.locator("[role=status]", { hasText: "Comparing…" }).waitFor();
  await tab.locator("vscode-button", { hasText: "Cancel" }).click();
  await until(
    () => posted.at(-1),
    (message) => message?.type === "compare" && message.ids.length === 0,
  );
  await tab.locator("[role=status]", { hasText: "was stopped" }).waitFor();
  await tab.locator("vscode-button", { hasText: "Try again" }).click();
  await until(asked, (count) => count === 2);
  await send({ type: "statistics", ids, error: "no memory" });
  await tab.locator("[role=status]", { hasText: "failed: no memory" }).waitFor();
  await tab.locator("vscode-button", { hasText: "Try again" }).click();
  await until(asked, (count) => count === 3);
  await context.close();
});

test("retrained ablations lead to a comparison against ADePT, and are in no post-hoc figure; a run of no such set has no way there", async () => {
  const { page, posted, send, context } = await fixture.host.open(fixture.runs.plain.id);
  const record = { ...fixture.runs.plain.record(), sweep: "s", variant: "A3: one trained constant" };
  await goTo(page, "ablation");
  const way = page.locator("#view-ablation vscode-button", { hasText: "Compare the retrained ablations" });
  assert.equal(await way.count(), 0);
  await send({
    type: "update",
    points: [],
    view: viewOfRecord(record),
  });
  const choice = {
    name: "",
    method: "adept",
    task: "mail",
    status: "finished",
    value: "",
    experiment: "Retrained",
    sweep: "s",
    open: false,
  };
  await send({
    type: "runs",
    runs: [
      { ...choice, id: "c", seed: 0, variant: "A10 linear: no ReLU, no bias" },
      { ...choice, id: "b", seed: 0, variant: "A3: one trained constant" },
      { ...choice, id: "a", seed: 1, variant: "A0: ADePT" },
      { ...choice, id: "x", seed: 0, variant: "A0: ADePT", sweep: "other" },
      { ...choice, id: "y", seed: 0, variant: "adept" },
    ],
  });
  await way.click();
  await page.locator("#view-compare").waitFor({ state: "visible" });
  assert.deepEqual(
    await until(
      () => posted.findLast((message) => message.type === "compare")?.ids,
      (ids) => ids !== undefined,
    ),
    ["a", "b", "c"],
  );
  await context.close();
});

import type { Page } from "playwright-core";
import { flatten } from "../../src/base/keyPath.ts";
import type { HostMessage } from "../../src/protocol/hostToPage.ts";
import { sweepPoints } from "../host/writeSweep.ts";
import type { PageHost } from "../webview/pageHost.ts";
import type { Row } from "./report/toldRow.ts";

const RUNS = 500;
const STEPS = 300;
const MOVES = 40;

/** The message that shows RUNS runs of a sweep with their curves, as the host sends it. */
function comparedMessage(): Extract<HostMessage, { type: "compared" }> {
  const points = sweepPoints(RUNS);
  const settings = points.map(({ method, rate, batchSize, optimizer }) =>
    Object.fromEntries(
      flatten({ method: { kind: method }, training: { learningRate: { prompt: rate }, batchSize, optimizer } }),
    ),
  );
  const keys = Object.keys(settings[0]!);
  return {
    type: "compared",
    ids: points.map(({ id }) => id),
    runs: points.map(({ id, seed, validation }, i) => ({
      id,
      name: `run ${i}`,
      seed,
      points: Array.from({ length: STEPS }, (_, step): [number, number] => [step, 1 / (1 + step) + 1 - validation]),
      clock: Array.from({ length: STEPS }, (_, step): [number, number] => [step, 100 * step]),
      validation: [[STEPS / 2, validation]],
    })),
    differing: keys.map((key) => ({ key, values: settings.map((each) => String(each[key])) })),
    sweep: {
      measure: "accuracy",
      testMetric: "accuracy",
      runs: points.map(({ id, seed, validation, test }, i) => ({
        id,
        name: `run ${i}`,
        seed,
        arm: undefined,
        settings: settings[i]!,
        validation,
        test,
        ended: i,
      })),
    },
  };
}

/** Drags a range along the last axis, and tells how long each move takes until its frame is drawn. */
async function dragged(page: Page): Promise<number[]> {
  const canvas = page.locator(".parallel canvas");
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  await canvas.evaluate((element) => {
    const times: number[] = [];
    (window as unknown as { moved: number[] }).moved = times;
    element.addEventListener("pointermove", () => {
      const from = performance.now();
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          times.push(performance.now() - from);
        };
        port2.postMessage(0);
      });
    });
  });
  const x = box.x + box.width - 74;
  await page.mouse.move(x, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(x, box.y + box.height - 60, { steps: MOVES });
  await page.mouse.up();
  return page.evaluate(() => (window as unknown as { moved: number[] }).moved);
}

/**
 * Has a page note the tasks after that of its next message which keep it busy for more than 50 ms. That task itself is
 * mostly the debugger's, which brings the message.
 * @returns tells the longest, in ms, or 0
 */
async function busyTimes(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const busy: number[] = [];
    Object.assign(window, { busy });
    const note = (): void => {
      const from = performance.now();
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) if (startTime > from) busy.push(duration);
      }).observe({ type: "longtask" });
    };
    window.addEventListener("message", note, { once: true });
  });
  return () => page.evaluate(() => Math.max(0, ...(window as unknown as { busy: number[] }).busy));
}

/**
 * A sweep of RUNS runs in the tab that compares: all of its figures painted, and a range dragged along an axis.
 * @param paint posts a message and tells the milliseconds until all is painted
 */
export async function benchSweep(
  host: PageHost,
  id: string,
  paint: (page: Page) => (message: HostMessage, ready: string) => Promise<number>,
  row: Row,
): Promise<void> {
  const { page, context } = await host.open(id, { silent: ["compare"] });
  await page.locator("h1").waitFor();
  const message = comparedMessage();
  const show = paint(page);
  await show({ type: "open", tab: "compare", ids: message.ids }, "#view-compare");
  const longest = await busyTimes(page);
  row(
    `sweep of ${RUNS} runs in the tab that compares, first paint`,
    await show(message, ".parallel canvas"),
    "< 300 ms",
  );
  await page.locator("h2", { hasText: "Best on validation so far" }).waitFor();
  row("the longest task until all its figures are there, which come one by one", await longest(), "< 300 ms");
  const times = (await dragged(page)).sort((a, b) => a - b);
  row(
    `a range dragged along an axis, ${times.length} frames, 95th percentile`,
    times[Math.floor(0.95 * times.length)]!,
    "< 100 ms",
  );
  await context.close();
}

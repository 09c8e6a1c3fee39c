import type { Page } from "playwright-core";

/**
 * Watches every frame for animations and transitions that run (of a millisecond and more: less is over before it is
 * drawn), in shadow roots too. A text, since it is the browser that reads it.
 */
const WATCH = `() => {
  window.moved = new Set();
  const roots = (root) => [root, ...[...root.querySelectorAll("*")].flatMap((element) => (element.shadowRoot ? roots(element.shadowRoot) : []))];
  const look = () => {
    for (const root of roots(document)) for (const animation of root.getAnimations()) {
      const { duration } = animation.effect.getComputedTiming(), { target } = animation.effect;
      if (animation.playState === "running" && duration >= 1) window.moved.add((animation.transitionProperty ?? animation.animationName ?? "animation") + " of " + target.tagName.toLowerCase() + "." + target.className + " for " + duration + " ms");
    }
    requestAnimationFrame(look);
  };
  look();
}`;

export async function watchMotion(page: Page): Promise<void> {
  await page.evaluate(`(${WATCH})()`);
}

/** What has moved since it is watched. */
export function moved(page: Page): Promise<string[]> {
  return page.evaluate(() => [...(window as unknown as { moved: Set<string> }).moved]);
}

/** Time in ms in which a browser shows what it has painted, and answers what is pressed. */
const BREATH = 50;

/**
 * Does the parts of some work one by one once an element was painted, with time for other things between them. A timer
 * alone would come before the painting, as soon as what is painted takes longer to make than the timer.
 * @returns ends what is not done yet
 */
export function afterPaint(element: Element, parts: readonly (() => void)[]): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next = (at: number): void => {
    const part = parts[at];
    if (part === undefined) return;
    timer = setTimeout(() => {
      part();
      next(at + 1);
    }, BREATH);
  };
  // It reports within the first frame that has the element, whether it is in view or not.
  const painted = new IntersectionObserver(() => {
    painted.disconnect();
    next(0);
  });
  painted.observe(element);
  return () => {
    painted.disconnect();
    clearTimeout(timer);
  };
}

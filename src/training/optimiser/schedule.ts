/**
 * Factor of the learning rate at an update: linear warm-up from 0, then linear decay to 0 at `total` (Hugging Face's
 * linear schedule).
 * @param step updates made before this one, so the first update of a warm-up has factor 0
 */
export function scheduleFactor(step: number, schedule: { warmup: number; total: number }): number {
  const { warmup, total } = schedule;
  if (step < warmup) return step / warmup;
  return Math.max(0, (total - step) / Math.max(1, total - warmup));
}

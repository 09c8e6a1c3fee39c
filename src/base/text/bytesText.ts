/** Formats a number of bytes as kB, MB or GB (powers of 1000). Rounds kB up. */
export function bytesText(count: number): string {
  if (count < 1e6) return `${Math.ceil(count / 1e3)} kB`;
  return count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

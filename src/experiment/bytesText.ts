/** Bytes as a person reads them, in units of a thousand. */
export const bytesText = (count: number): string => (count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`);

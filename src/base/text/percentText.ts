/** A share (0 to 1) as percent with one decimal, such as "12.5 %". */
export const percentText = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** @param share 0 to 1 */
export const percentText = (share: number): string => `${(100 * share).toFixed(1)} %`;

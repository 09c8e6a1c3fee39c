/** Tabs of the results page, in their order. */
export const TABS = ["training", "ablation", "offsets", "shift", "latency", "compare"] as const;
export type TabId = (typeof TABS)[number];

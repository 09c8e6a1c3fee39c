/** Tabs of the results page, in their order. */
export const TABS = ["training", "ablation", "offsets", "shift", "latency", "compare"] as const;
/** The id of a tab. */
export type TabId = (typeof TABS)[number];

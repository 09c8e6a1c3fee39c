/** Limits of a draft: characters of its name, training steps. */
export const DRAFT_LIMITS = { name: 200, steps: 10_000_000 };
export type DraftLimits = Readonly<typeof DRAFT_LIMITS>;

/**
 * A failure found in an episode. `lost`: something acknowledged is missing; `corrupt`: there is something that nobody
 * wrote; `unclear`: a message does not say what to do.
 */
export interface Finding {
  kind: "lost" | "corrupt" | "unclear";
  episode: string;
  what: string;
  folder?: string;
}

/** Thrown when an episode finds a failure. */
export class Amiss extends Error {
  constructor(
    readonly kind: Finding["kind"],
    message: string,
  ) {
    super(message);
  }
}

export const must = (condition: boolean, kind: Finding["kind"], what: string): void => {
  if (!condition) throw new Amiss(kind, what);
};

/** How much one part of a campaign has tried. */
export interface Tally {
  part: string;
  episodes: number;
  tried: Record<string, number>;
  findings: Finding[];
  seconds: number;
  note?: string;
}

/** Counts the tries by name. */
export class Counter {
  readonly tried: Record<string, number> = {};
  add(name: string): void {
    this.tried[name] = (this.tried[name] ?? 0) + 1;
  }
  of(name: string): number {
    return this.tried[name] ?? 0;
  }
}

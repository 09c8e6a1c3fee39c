import type { Lifetime } from "../slurm/lifetime.ts";

type End = () => unknown;
const open = new Set<EpisodeLifetime>();
let isListening = false;

/**
 * What an episode has to end: clusters, processes, folders. It is ended in the opposite order of its making, also where
 * the campaign itself is ended by Ctrl+C or by an error.
 */
export class EpisodeLifetime implements Lifetime {
  private readonly ends: End[] = [];

  constructor() {
    listen();
    open.add(this);
  }

  after(end: End): void {
    this.ends.push(end);
  }

  skip(why = "left out"): never {
    throw new Error(why);
  }

  /** Ends everything; the ends themselves do not wait for anything. */
  end(): void {
    for (const end of this.ends.splice(0).reverse()) void end();
    open.delete(this);
  }
}

function listen(): void {
  if (isListening) return;
  isListening = true;
  process.on("exit", () => {
    for (const each of [...open].reverse()) each.end();
  });
  // The exit handler above needs an exit, which a signal alone is not.
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
}

/** Letters of a message: what it quotes may be somebody else's, of any length. */
const LONGEST = 10_000;

/** A mistake or obstacle the user can act on: says what happened and what to do. Anything else thrown is a bug. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly action: string | undefined;
  /** the key of an experiment that it is about, where it is about one */
  keys: readonly (string | number)[] | undefined;

  /** @param message what happened, and where @param action what the user can do about it */
  constructor(message: string, action?: string) {
    super(message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message);
    this.action = action;
  }

  /** Says which key of an experiment it is about. */
  about(keys: readonly (string | number)[]): this {
    this.keys = keys;
    return this;
  }

  /** By name, since the bundles of one process each carry this class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === "UserError";
  }
}

/** The longest message kept, in characters: a message may quote input of any length from elsewhere. */
const LONGEST = 10_000;

/**
 * An error that the user can act on: its message says what happened, its action what to do. Any other thrown error is a
 * bug.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  /** What the user can do about it. */
  readonly action: string | undefined;
  /** The path of the experiment's key that the error is about, if there is one. */
  keys: readonly (string | number)[] | undefined;

  /**
   * @param message what happened, and where
   * @param action what the user can do about it
   */
  constructor(message: string, action?: string) {
    super(message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message);
    this.action = action;
  }

  /** Sets the key of the experiment that this error is about. Returns the same error. */
  about(keys: readonly (string | number)[]): this {
    this.keys = keys;
    return this;
  }

  /** Compares by name, not by class: several bundles loaded into one process each have a copy of this class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === "UserError";
  }
}

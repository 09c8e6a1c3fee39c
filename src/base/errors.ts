import { english, phrase, type Phrase, type PhraseValue } from "./phrase.ts";

/** An error as it travels between processes and threads: plain JSON. */
export interface ErrorData {
  code: string;
  message: Phrase;
  action?: Phrase | undefined;
}

/**
 * A mistake or obstacle the user can act on: says what happened and what to do. Anything else thrown is a bug.
 *
 *     throw new UserError(
 *       "backbone-config-missing",
 *       phrase`${folder} is no model folder: it has no config.json`,
 *       phrase`Give the folder of a Hugging Face model.`,
 *     );
 *
 * The code is a word in kebab-case, written where the error is made; one code has one template, one meaning
 * (test/unit/base/errors.test.ts). Whoever must tell errors apart compares codes, never words.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly code: string;
  /** What happened, to be shown in the window's language; `message` is the same in English. */
  readonly phrase: Phrase;
  readonly actionPhrase: Phrase | undefined;
  /** What the user can do about it, in English. */
  readonly action: string | undefined;
  /** The key of an experiment that the error is about; undefined where it is about none. */
  keys: readonly (string | number)[] | undefined;
  /** The single problems of an error that lists several; undefined where it is one. */
  parts: readonly UserError[] | undefined;
  /** What happened, as it is shown at that key: without the names of file and run. */
  bare: Phrase;

  constructor(code: string, message: Phrase, action?: Phrase) {
    super(english(message));
    this.code = code;
    this.phrase = this.bare = message;
    this.actionPhrase = action;
    this.action = action === undefined ? undefined : english(action);
  }

  /** The error that another process or thread has sent. */
  static of({ code, message, action }: ErrorData): UserError {
    return new UserError(code, message, action);
  }

  /** The error as plain JSON, for another process or thread. */
  get data(): ErrorData {
    const { code, phrase: message, actionPhrase: action } = this;
    return { code, message, ...(action !== undefined && { action }) };
  }

  /** The same error with another action. */
  withAction(action: Phrase): UserError {
    return UserError.of({ ...this.data, action });
  }

  /**
   * Says which key of an experiment the error is about.
   * @param bare the message without the names of the file and the run, shown where both are clear from the place
   */
  about(keys: readonly (string | number)[], bare?: Phrase): this {
    this.keys = keys;
    this.bare = bare ?? this.phrase;
    return this;
  }

  /** Compares by name, not by class: several bundles loaded into one process each have a copy of this class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === "UserError";
  }
}

/** A bug as it travels between processes and threads; only logs show it. */
export interface Bug {
  message: string;
  stack?: string | undefined;
}

/** An error as it is sent to another process or thread. */
export function sentError(error: unknown): ErrorData | Bug {
  if (error instanceof UserError) return error.data;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, stack };
}

/** The error that another process or thread has sent. */
export const receivedError = (sent: ErrorData | Bug): Error =>
  "code" in sent ? UserError.of(sent) : Object.assign(new Error(sent.message), { stack: sent.stack });

/**
 * What went wrong, as a value of another phrase: a UserError's phrase is translated with it, any other error's message
 * is quoted.
 */
export function causeOf(error: unknown): PhraseValue {
  if (error instanceof UserError) return error.phrase;
  return error instanceof Error ? error.message : String(error);
}

/** What went wrong, as a phrase. */
export const phraseOf = (error: unknown): Phrase =>
  error instanceof UserError ? error.phrase : phrase`${causeOf(error)}`;

import { UserError } from "../base/errors.ts";
import { phrase, verbatim, type Phrase } from "../base/phrase.ts";
import type { SettingNames } from "../task/fileExamples.ts";

/** The options of `adept evaluate` that say how its data are read. */
export const EVALUATE_SETTINGS: SettingNames = {
  source: "--source",
  target: "--target",
  skip: verbatim("--skip-bad-rows"),
};

const PLAIN = phrase`Take --prompt plain.`;
const LESS = phrase`Lower --max-source-length, or use a smaller backbone.`;

/** What to do about an error by the options of the command; elsewhere the keys of an experiment are named. */
const ACTIONS: Readonly<Record<string, Phrase>> = {
  "chat-template-missing": phrase`Take --prompt plain, or a model that is tuned for chat (often named Instruct or Chat).`,
  "chat-template-malformed": PLAIN,
  "chat-template-failed": PLAIN,
  "chat-template-refused": phrase`Change the conversation as it says (such as no system turn, or user and assistant in turn), or take --prompt plain.`,
  "chat-template-rewrites-turns": PLAIN,
  "chat-tokens-straddle-turns": PLAIN,
  "chat-row-malformed": phrase`Give messages (a list of role and content), or columns that --source and --target name.`,
  "row-field-missing": phrase`Name the columns of input and target, for example --source "{text}" --target "{label}".`,
  "text-beyond-positions": phrase`Lower --max-source-length, or use a backbone for longer texts.`,
  "machine-memory-short": LESS,
  "device-memory-short": phrase`Lower --max-source-length, or use --device cpu.`,
  "data-line-not-utf8": phrase`Save the file as UTF-8, or name its encoding with --encoding (such as windows-1251).`,
  "data-file-encoding": phrase`Name another --encoding, or save the file as UTF-8.`,
};

/** The same error as `adept evaluate` says it: with its options, not with the keys of an experiment. */
export function inOptions(error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  if (error.code === "prompt-needs-causal-backbone")
    return new UserError(
      "option-needs-causal-backbone",
      phrase`--prompt: chat needs a decoder-only model; this backbone reads text and answer apart`,
      phrase`Leave --prompt out, or take a decoder-only model as --backbone.`,
    );
  const action = Object.hasOwn(ACTIONS, error.code) ? ACTIONS[error.code] : undefined;
  return action === undefined ? error : error.withAction(action);
}

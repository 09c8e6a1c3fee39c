import * as vscode from "vscode";
import { explain } from "../../base/text/explain.ts";
import { fillIn, readPhrase, type Phrase } from "../../base/phrase.ts";

/** A text of the core that has no values, in the window's language; one that nobody has translated stays as it is. */
export function translated(text: string): string {
  return vscode.l10n.t(text);
}

/**
 * A phrase of the core in the window's language, the phrases in it too. What nobody has translated stays English, as a
 * string does: one of an older journal, or another program's.
 */
export function localised(text: Phrase | string): string {
  if (typeof text === "string") return text;
  const values = text.values.map((value) => (typeof value === "object" ? localised(value) : value));
  const { bundle } = vscode.l10n as { bundle?: Record<string, string> };
  // A phrase may be of somebody else's journal: only its own keys are asked of the bundle.
  const known = bundle !== undefined && Object.hasOwn(bundle, text.template);
  return fillIn(known ? vscode.l10n.t(text.template) : text.template, values);
}

/** What went wrong with what to do about it, where something is known. */
export function localisedError({
  message,
  action,
  phrase = message,
  actionPhrase = action,
}: {
  message: string;
  action?: string | undefined;
  phrase?: Phrase | string | undefined;
  actionPhrase?: Phrase | string | undefined;
}): string {
  return explain(localised(phrase), actionPhrase === undefined ? undefined : localised(actionPhrase));
}

/**
 * A stored result with the reasons of its advice (`why`, whose `phrase` stands beside it) in the window's language; its
 * numbers and its cases' names are the same in all. Results of older versions have no phrases.
 */
export function localisedResult(result: unknown): unknown {
  return JSON.parse(
    JSON.stringify(result, (_, value: unknown) => {
      const { why, phrase, ...rest } = (value ?? {}) as Record<string, unknown>;
      if (typeof why !== "string" || phrase === undefined) return value;
      return { ...rest, why: localised(readPhrase(phrase) ?? why) };
    }),
  );
}

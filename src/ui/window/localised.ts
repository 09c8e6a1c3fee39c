import * as vscode from "vscode";
import { explain } from "../../base/text/explain.ts";
import { fillIn, readPhrase, type Phrase } from "../../base/phrase.ts";

/** Translates a text without values into the window's language; a text without a translation stays English. */
export function translated(text: string): string {
  return vscode.l10n.t(text);
}

/**
 * Translates a phrase, with the phrases in it, into the window's language. Phrases without a translation stay English,
 * and so do strings, which come from older journals or other programs.
 */
export function localised(text: Phrase | string): string {
  if (typeof text === "string") return text;
  const values = text.values.map((value) => (typeof value === "object" ? localised(value) : value));
  const { bundle } = vscode.l10n as { bundle?: Record<string, string> };
  // A phrase may come from somebody else's journal: an inherited property such as "constructor" is no translation.
  const known = bundle !== undefined && Object.hasOwn(bundle, text.template);
  return fillIn(known ? vscode.l10n.t(text.template) : text.template, values);
}

/** An error's message with the advice about it, if there is any, in the window's language. */
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
 * Translates the reasons of advice in a stored result: each `why` is replaced by the translation of the `phrase` beside
 * it. Results of older versions have no phrases and stay English.
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

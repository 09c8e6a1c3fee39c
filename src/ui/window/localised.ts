import * as vscode from "vscode";
import { explain } from "../../base/text/explain.ts";

interface Pattern {
  key: string;
  /** what stands between its values, in order */
  parts: string[];
  literal: number;
}
let compiled: { bundle: Readonly<Record<string, string>>; patterns: Pattern[] } | undefined;

const HOLE = /\{\d\}/;
const LONGEST_INNER = 500;

/** The bundle's messages with places to fill, the most telling first. */
function patternsOf(bundle: Readonly<Record<string, string>>): Pattern[] {
  if (compiled?.bundle !== bundle) {
    const patterns = Object.keys(bundle)
      .filter((key) => HOLE.test(key))
      .map((key) => ({ key, parts: key.split(HOLE), literal: key.replace(/\{\d\}/g, "").length }));
    compiled = { bundle, patterns: patterns.sort((a, b) => b.literal - a.literal) };
  }
  return compiled.patterns;
}

/**
 * The values of a message that a template fits, each as short as it can be; one pass over the message, whatever it
 * holds.
 */
function valuesOf(message: string, parts: readonly string[]): string[] | undefined {
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  const values: string[] = [];
  if (!message.startsWith(first) || !message.endsWith(last) || message.length < first.length + last.length)
    return undefined;
  const end = message.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const next = part === "" ? at : message.indexOf(part, at);
    if (next < 0 || next + part.length > end) return undefined;
    values.push(message.slice(at, next));
    at = next + part.length;
  }
  return [...values, message.slice(at, end)];
}

/** A value that is a message itself, as a cause is. */
const inner = (value: string): string =>
  value.length < LONGEST_INNER && / [a-z]/.test(value) ? localised(value) : value;

/** A text of the core, whole, in the window's language; one that nobody has translated stays as it is. */
export function translated(text: string): string {
  return vscode.l10n.t(text);
}

/**
 * A message of the core in the window's language. Workers, journals and terminals have it in English, with its values
 * filled in: here it is found among the translated ones, and said with the same values. What nobody has translated
 * stays as it is.
 */
export function localised(message: string): string {
  const { bundle } = vscode.l10n as { bundle?: Record<string, string> };
  if (bundle === undefined) return message;
  if (Object.hasOwn(bundle, message)) return vscode.l10n.t(message);
  for (const { key, parts } of patternsOf(bundle)) {
    const values = valuesOf(message, parts);
    if (values !== undefined) return vscode.l10n.t(key, ...values.map(inner));
  }
  return message;
}

/** What is noted of a run's commit: several notes in one text, of which one lists files with why they were left out. */
export function localisedNotes(text: string): string {
  return text
    .split("; ")
    .map((note) => {
      const [, head, files] = /^(left out: )(.*)$/s.exec(note) ?? [];
      return localised(
        head === undefined || files === undefined
          ? note
          : `${head}${files.replace(/ \(([^()]*)\)(?=, |$)/g, (_, reason: string) => ` (${localised(reason)})`)}`,
      );
    })
    .join("; ");
}

/** A message with what to do about it, where something is known. */
export function localisedError({ message, action }: { message: string; action?: string | undefined }): string {
  return explain(localised(message), action === undefined ? undefined : localised(action));
}

/**
 * A stored result whose sentences, the reasons of its advice, are in the window's language; its numbers and its cases'
 * names are the same in all.
 */
export function localisedResult(result: unknown): unknown {
  const { bundle } = vscode.l10n as { bundle?: Record<string, string> };
  return bundle === undefined
    ? result
    : JSON.parse(
        JSON.stringify(result, (key, value: unknown) =>
          key === "why" && typeof value === "string" ? localised(value) : value,
        ),
      );
}

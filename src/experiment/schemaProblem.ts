import type { z } from "zod";
import { EXECUTORS } from "./executorSpec.ts";
import { RETRAINED } from "./retrained.ts";
import { DEVICES } from "../engine/engineSpec.ts";
import { PRECISIONS } from "../engine/precisionSpec.ts";
import { phrase, type Phrase, type PhraseValue } from "../base/phrase.ts";

type Issue = z.core.$ZodIssue;

/** Characters of a wrong value that a message quotes. */
const LONGEST = 60;
/** The most problems that alternatives inside each other give. */
const MOST_INSIDE = 4;

const TYPES: Readonly<Record<string, Phrase>> = {
  string: phrase`a text in quotes`,
  number: phrase`a number`,
  int: phrase`a whole number`,
  boolean: phrase`true or false`,
  array: phrase`a list`,
  object: phrase`an object`,
  record: phrase`an object`,
  null: phrase`null`,
};
/** Keys whose object may be written as one name. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  engine: ["auto", ...DEVICES],
  precision: PRECISIONS,
  executor: EXECUTORS,
};

/** Objects that stand beside a simpler value, by key, and that of an axis of a sweep. */
const EXAMPLES: Readonly<Record<string, string>> = { budget: '{ "promptTokens": 100 }' };
const RANGE = '{ "from": 0.001, "to": 0.1 }';

/** A value as a message quotes it. */
function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const names = (values: readonly unknown[]): string => values.map((each) => JSON.stringify(each)).join(", ");

/** What a value may be where a branch of a union, or the schema itself, refuses it as a whole. */
function allowed(issue: Issue, path: readonly PropertyKey[]): Phrase {
  if (issue.code === "invalid_value") return oneOf(issue.values);
  if (issue.code === "invalid_union") return alternatives(issue.errors, path);
  if (issue.code !== "invalid_type") return phrase`another value`;
  const key = String(path.at(-1) ?? "");
  const isAxis = ["vary", "tune"].includes(String(path.at(-2)));
  if (issue.expected === "array" && key === "retrained") return phrase`a list of ${names(RETRAINED)}`;
  if (issue.expected !== "object") return TYPES[issue.expected] ?? phrase`${issue.expected}`;
  const example = isAxis ? RANGE : EXAMPLES[key];
  if (example !== undefined) return phrase`an object such as ${example}`;
  return NAMED[key] === undefined ? phrase`an object` : phrase`an object, or ${oneOf(NAMED[key])}`;
}

const oneOf = (values: readonly unknown[]): Phrase =>
  values.length === 1 ? phrase`${names(values)}` : phrase`one of ${names(values)}`;

const isWhole = ({ path, code }: Issue): boolean =>
  path.length === 0 && (code === "invalid_type" || code === "invalid_value" || code === "invalid_union");

/** What the branches of a union allow. */
function alternatives(branches: readonly (readonly Issue[])[], path: readonly PropertyKey[]): Phrase {
  const each = branches.flatMap((issues) => {
    const whole = issues.find(isWhole);
    return whole === undefined ? [] : [allowed(whole, path)];
  });
  return each.length === 0 ? phrase`another value` : each.reduce((all, one) => phrase`${all}, or ${one}`);
}

/**
 * The problems behind an issue: of a union whose branch for that type of value is known, what that branch refuses; of
 * several unknown keys, each.
 */
export function problemsBehind(issue: Issue, depth = 0): Issue[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => ({ ...issue, keys: [key] }));
  if (issue.code !== "invalid_union" || depth >= MOST_INSIDE) return [issue];
  const branches: readonly (readonly Issue[])[] = issue.errors;
  const fitting = branches.filter((issues) => !issues.some(isWhole));
  const [best] = [...fitting].sort((a, b) => a.length - b.length);
  if (best === undefined) return [issue];
  return best.flatMap((inner) => problemsBehind({ ...inner, path: [...issue.path, ...inner.path] }, depth + 1));
}

/** The limit of a size, by what has that size. */
function limited({ origin, least, most }: { origin: string; least?: PhraseValue; most?: PhraseValue }): Phrase {
  if (least === "1" && origin !== "number") return phrase`it is empty`;
  if (least !== undefined)
    switch (origin) {
      case "string":
        return phrase`it needs at least ${least} characters`;
      case "array":
        return phrase`it needs at least ${least} entries`;
      default:
        return phrase`it must be ${least}`;
    }
  switch (origin) {
    case "string":
      return phrase`it may have at most ${most ?? ""} characters`;
    case "array":
      return phrase`it may have at most ${most ?? ""} entries`;
    default:
      return phrase`it must be ${most ?? ""}`;
  }
}

/**
 * Says what is wrong with a value, and what it may be.
 * @param value the value; undefined where there is none
 */
export function schemaProblem(issue: Issue, value: unknown): Phrase {
  switch (issue.code) {
    case "invalid_type":
    case "invalid_union":
    case "invalid_value": {
      const may = allowed(issue, issue.path);
      return value === undefined ? phrase`missing; it is ${may}` : phrase`${quoted(value)} is not ${may}`;
    }
    case "too_small": {
      const isNumber = issue.origin === "number" || issue.origin === "int";
      const sign =
        issue.inclusive === false
          ? phrase`more than ${String(issue.minimum)}`
          : phrase`at least ${String(issue.minimum)}`;
      return limited({ origin: issue.origin, least: isNumber ? sign : String(issue.minimum) });
    }
    case "too_big": {
      const isNumber = issue.origin === "number" || issue.origin === "int";
      const sign =
        issue.inclusive === false
          ? phrase`less than ${String(issue.maximum)}`
          : phrase`at most ${String(issue.maximum)}`;
      return limited({ origin: issue.origin, most: isNumber ? sign : String(issue.maximum) });
    }
    case "custom":
      return phrase`${issue.message}`;
    case "invalid_key":
    case "invalid_element": {
      const [inner] = issue.issues;
      return inner === undefined ? phrase`a name that cannot be one` : schemaProblem(inner, undefined);
    }
    case "invalid_format":
    case "not_multiple_of":
    case "unrecognized_keys":
      return phrase`${quoted(value)} has another form than it may have`;
  }
}

/**
 * How a document is read: "prose" line by line, "jsonl", "csv" and "tsv" row by row, "experiment" as a whole, of which
 * only the texts that reach a model count.
 */
export type DocumentKind = "prose" | "jsonl" | "csv" | "tsv" | "experiment";

const KIND_OF_EXTENSION: readonly (readonly [extension: string, kind: DocumentKind])[] = [
  [".adept.json", "experiment"],
  [".jsonl", "jsonl"],
  [".ndjson", "jsonl"],
  [".csv", "csv"],
  [".tsv", "tsv"],
];

/** Returns the kind of a document by its file name. */
export function documentKindOf(path: string): DocumentKind {
  const name = path.toLowerCase();
  return KIND_OF_EXTENSION.find(([extension]) => name.endsWith(extension))?.[1] ?? "prose";
}

/** Whether a document holds rows of data. */
export const isDataKind = (kind: DocumentKind): kind is "jsonl" | "csv" | "tsv" =>
  kind === "jsonl" || kind === "csv" || kind === "tsv";

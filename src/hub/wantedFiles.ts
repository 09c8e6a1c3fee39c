import { UserError } from "../base/errors.ts";
import { isGgufModelName } from "../base/files/ggufName.ts";
import { phrase } from "../base/phrase.ts";
import { bytesText } from "../base/text/bytesText.ts";
import type { HubFile, HubRepository } from "./hubListing.ts";

/** Files that say what a model is and how it is used; a model is loaded with all of them that it has. */
const DESCRIPTIONS = [
  "config.json",
  "generation_config.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "chat_template.jinja",
  "chat_template.json",
];
/**
 * Forms of weights, from the first to the last choice; of a form, a repository has all files that make it.
 * "model*.safetensors" leaves out the copy in the format of the model's authors that some repositories have beside.
 */
const WEIGHTS = [
  {
    has: ["model.safetensors", "model.safetensors.index.json"],
    files: ["model*.safetensors", "model.safetensors.index.json"],
  },
  { has: ["pytorch_model.bin"], files: ["pytorch_model.bin"] },
  { has: ["pytorch_model.bin.index.json"], files: ["pytorch_model-*.bin", "pytorch_model.bin.index.json"] },
];
/** Forms of tokenizers, the same way. */
const TOKENIZERS = [
  { has: ["tokenizer.json"], files: ["tokenizer.json"] },
  { has: ["spiece.model"], files: ["spiece.model", "added_tokens.json"] },
  { has: ["vocab.json"], files: ["vocab.json", "merges.txt", "added_tokens.json"] },
];
const DATA = ["**.parquet", "**.jsonl", "**.json", "**.csv", "**.tsv", "**.jsonl.gz", "**.json.gz"];

/** Turns a glob into a regular expression: "*" matches within a name, "**" across folders. */
const matcher = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split("**")
      .map((part) =>
        part
          .split("*")
          .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
          .join("[^/]*"),
      )
      .join(".*")}$`,
  );

/** Globs of the files that a backbone needs, of a repository with these files. */
function modelGlobs(paths: ReadonlySet<string>): string[] {
  const first = (forms: typeof WEIGHTS): string[] =>
    (forms.find(({ has }) => has.some((path) => paths.has(path))) ?? forms[0]!).files;
  return [...DESCRIPTIONS, ...first(WEIGHTS), ...first(TOKENIZERS)];
}

const MOST_NAMED = 12;

/**
 * Refuses a repository whose only weights are GGUF files: most have the same model in a dozen forms, of which one is
 * wanted.
 */
function refuseUnchosen({ name }: HubRepository, all: readonly HubFile[]): void {
  const paths = new Set(all.map(({ path }) => path));
  if (WEIGHTS.some(({ has }) => has.some((path) => paths.has(path)))) return;
  const models = all.filter(({ path }) => isGgufModelName(path.split("/").at(-1)!));
  if (models.length === 0) return;
  const named = models.slice(0, MOST_NAMED).map(({ path, size }) => `${path} (${bytesText(size)})`);
  throw new UserError(
    "hub-gguf-not-chosen",
    phrase`${name} holds GGUF files, one of which is to be chosen: ${named.join(", ")}`,
    phrase`In a terminal: adept download ${name} --include "${includeOf(models[0]!.path)}". Then choose the file as the backbone.`,
  );
}

/** A glob for a model's file, or for all of its parts. */
function includeOf(path: string): string {
  return path.replace(/-00001-of-(\d{5}\.gguf)$/i, "-*-of-$1");
}

/**
 * Returns the files of a repository that match the wanted globs; without any, what a backbone needs, or the data files
 * that tasks can read.
 * @throws UserError naming some of its files when none matches, or when none is chosen of GGUF files, which are many
 */
export function wantedFiles(repository: HubRepository, all: readonly HubFile[], include: readonly string[]): HubFile[] {
  if (repository.kind === "model" && include.length === 0) refuseUnchosen(repository, all);
  const usual = repository.kind === "dataset" ? DATA : modelGlobs(new Set(all.map(({ path }) => path)));
  const globs = include.length > 0 ? include : usual;
  const wanted = globs.map(matcher);
  const files = all.filter(({ path }) => wanted.some((glob) => glob.test(path)));
  if (files.length > 0) return files;
  const some = all
    .slice(0, MOST_NAMED)
    .map(({ path }) => path)
    .join(", ");
  throw new UserError(
    "hub-files-missing",
    phrase`${repository.name} has no such files: ${globs.join(", ")}`,
    phrase`It has: ${some}. Choose with --include.`,
  );
}

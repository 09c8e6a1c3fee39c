import { existsSync, statSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { isGgufName } from "../../base/files/ggufName.ts";
import { ggufPaths } from "../../backbone/gguf/ggufParts.ts";
import { pathsOf } from "../../experiment/experimentPaths.ts";
import { phrase, listed, type Phrase } from "../../base/phrase.ts";
import type { InputDigest, NewRunEvent } from "../../record/events.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { blobDigest, fileStamp, inputChanges } from "../../run/files/blobDigest.ts";
import { digestOf, hasDigest } from "../../run/files/contentStore.ts";
import { inputFilesIn, outlineDigest } from "../../run/files/inputFiles.ts";
import { InputKeeper, type ReadInput } from "../../run/git/gitInputs.ts";
import type { GitStore } from "../../run/git/gitStore.ts";
import { leadsOut, pathInRepository, presentFile } from "../../run/inputs/inputPlaces.ts";
import { notKeptText } from "../../run/inputs/inputText.ts";

/**
 * Of a folder or a GGUF file with more files, or more bytes, that its commit lacks, only names and sizes are recorded:
 * reading all of it would delay every start.
 */
const MOST_FILES = 60;
const MOST_MODEL_BYTES = 1024 * 1024 * 1024;

/** Input files by their paths on disk: their SHA-256, and the stamp of the file that had it. */
export type InputStamps = Map<string, { sha256: string; stamp: string }>;

/** A file or folder that an experiment names, with its files. */
interface Input {
  /** The path in the experiment. */
  path: string;
  kind: "file" | "folder" | "gguf";
  files: { path: string; own: string | undefined; bytes: number }[];
}

function kindOf(path: string): Input["kind"] | undefined {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry?.isDirectory() === true) return "folder";
  if (entry?.isFile() !== true) return undefined;
  return isGgufName(path) ? "gguf" : "file";
}

/** The files of an input; a model may be in several GGUF files. */
function filesOf(path: string, kind: Input["kind"]): { path: string; bytes: number }[] {
  if (kind === "folder") return inputFilesIn(path);
  const paths = kind === "gguf" ? ggufPaths(path) : [path];
  return paths.map((each) => ({ path: each, bytes: statSync(each).size }));
}

function inputsOf(run: RunDirectory): Input[] {
  const { sources } = run.record();
  return pathsOf(run.experiment()).flatMap((path) => {
    const kind = kindOf(path);
    if (kind === undefined) return [];
    const files = filesOf(path, kind).map((each) => ({ ...each, own: pathInRepository(sources, each.path) }));
    return [{ path, kind, files }];
  });
}

/**
 * Records what the experiment's input files hold as the run reads them, and keeps these bytes where the snapshot has
 * others (git converts or filters them) or none (ignored, large, behind a link). So a run can be made again from what
 * it was trained on, whatever git is told to make of the files.
 * @param index the private index with the snapshot; gets the bytes that belong into the commit
 * @returns remarks for the user, and the stamps of the files that were read
 */
export async function keepContents(
  { run, emit }: { run: RunDirectory; emit: (event: NewRunEvent) => void },
  store: GitStore,
  index: string,
): Promise<{ notes: Phrase[]; stamps: InputStamps }> {
  const inputs = inputsOf(run);
  const keeper = await InputKeeper.open(
    store,
    index,
    inputs.flatMap(({ files }) => files.flatMap(({ own }) => own ?? [])),
  );
  const contents: Record<string, InputDigest> = {};
  const stamps: InputStamps = new Map();
  for (const input of inputs) Object.assign(contents, await keptOf(input, { keeper, store, stamps }));
  if (Object.keys(contents).length > 0) emit({ type: "contents", files: contents });
  return { notes: notesOf(run, contents), stamps };
}

const bytesOf = (files: Input["files"]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

async function keptOf(
  { path, kind, files }: Input,
  { keeper, store, stamps }: { keeper: InputKeeper; store: GitStore; stamps: InputStamps },
): Promise<Record<string, InputDigest>> {
  const lacking = files.filter(({ own }) => !keeper.hasFile(own));
  // The files of a GGUF model are recorded together or not at all: one alone is no model.
  const outline = (): Record<string, InputDigest> => ({
    [path]: { ...outlineDigest(kind === "gguf" ? files : lacking), kept: "none", why: "many" },
  });
  const isLarge = kind !== "file" && bytesOf(files) > MOST_MODEL_BYTES;
  if (kind !== "file" && (lacking.length > MOST_FILES || bytesOf(lacking) > MOST_MODEL_BYTES)) return outline();
  if (kind === "gguf" && files.length > 1 && lacking.length > 0) return outline();
  const kept: Record<string, InputDigest> = {};
  for (const file of isLarge ? lacking : files) {
    const input = await read(file, { keeper, store, stamps });
    // What the commit has byte for byte need not be recorded in a folder of very many files.
    if (files.length <= MOST_FILES || !keeper.isExact(input)) kept[file.path] = await keeper.keep(input);
  }
  return Object.keys(kept).length > MOST_FILES ? outline() : kept;
}

async function read(
  { path: source, own: path }: Input["files"][number],
  { keeper, store, stamps }: { keeper: InputKeeper; store: GitStore; stamps: InputStamps },
): Promise<ReadInput> {
  const stamp = fileStamp(source);
  const digest = await blobDigest(source, keeper.algorithm);
  stamps.set(source, { sha256: digest.sha256, stamp });
  return { source, path, digest, isLinked: path !== undefined && leadsOut(store.git.folder, path) };
}

/** What the user should know: which files git has otherwise, and which of the repository's are kept nowhere. */
function notesOf(run: RunDirectory, contents: Readonly<Record<string, InputDigest>>): Phrase[] {
  const { sources } = run.record();
  const named = Object.entries(contents).flatMap(([path, content]) => {
    const own = pathInRepository(sources, path);
    return own === undefined ? [] : [{ own, content }];
  });
  const other = named.filter(
    ({ content: { kept, why } }) => kept === "beside" || (kept === "store" && why !== "untracked" && why !== "link"),
  );
  const none = named.filter(({ content: { kept, why } }) => kept === "none" && why !== "many");
  return [
    ...(other.length === 0
      ? []
      : [phrase`kept as read, since git makes other bytes of them: ${other.map(({ own }) => own).join(", ")}`]),
    ...(none.length === 0
      ? []
      : [phrase`not kept: ${listed(none.map(({ own, content }) => notKeptText(own, content)))}`]),
  ];
}

/** Whether the names and sizes of a GGUF model's files are what was recorded; nothing is known of a folder. */
const hasOutline = ({ sha256 }: InputDigest, path: string): boolean =>
  kindOf(path) !== "gguf" || outlineDigest(filesOf(path, "gguf")).sha256 === sha256;

/**
 * Call it before a run goes on: its commit says what all of it was trained on.
 * @throws UserError naming an input that is no longer what the run began with
 */
export async function refuseOtherInputs(run: RunDirectory): Promise<void> {
  const { contents } = run.record();
  for (const [given, content] of Object.entries(contents)) {
    const path = presentFile(run, given);
    if (!existsSync(path)) continue;
    if (content.why === "many") {
      if (hasOutline(content, path)) continue;
      throw new UserError(
        "resume-model-changed",
        phrase`${path} is no longer the model that the run began with, of ${content.bytes} bytes`,
        phrase`Put it back, or train anew.`,
      );
    }
    if (!(await hasDigest(content, path)))
      throw new UserError(
        "resume-input-changed",
        phrase`${path} is no longer what the run began with (SHA-256 ${content.sha256})`,
        phrase`Put it back (adept runs restore ${run.id} --all brings back what is kept), or train anew.`,
      );
  }
}

/**
 * Call it once the run has read its inputs.
 * @throws UserError naming an input that was written after its bytes were kept
 */
export async function refuseChangedInputs(stamps: InputStamps): Promise<void> {
  for (const [path, { sha256, stamp }] of stamps)
    if (fileStamp(path) !== stamp && (await digestOf(path)).sha256 !== sha256) throw inputChanges(path);
}

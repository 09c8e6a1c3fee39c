import { Annotation } from "../../../record/events.ts";
import { commitAnnotation } from "../../../run/git/annotationCommit.ts";
import { annotateRun } from "../../../run/journal/sharedJournal.ts";
import type { RunDirectory } from "../../../run/directory/runDirectory.ts";
import { command, type Options, type Parsed } from "../../command.ts";
import { RUN_OPTIONS } from "../../commonOptions.ts";
import { namedRun } from "../../namedRun.ts";
import { oneLine, say } from "../../terminal.ts";
import { WrongUse } from "../../wrongUse.ts";

async function said(run: RunDirectory, given: object, json: boolean | undefined): Promise<number> {
  const parsed = Annotation.safeParse(given);
  if (!parsed.success)
    throw new WrongUse(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "));
  annotateRun(run.path, parsed.data);
  const commit = await commitAnnotation(run, process.cwd());
  const { tags, note } = run.record();
  say(
    json === true
      ? JSON.stringify({ run: run.id, tags, note, commit })
      : `run ${run.id}: ${oneLine(`${tags.map((tag) => `#${tag}`).join(" ")}${note === "" ? "" : ` ${note}`}`)}${commit === undefined ? "" : `\ncommit ${commit}`}`,
  );
  return 0;
}

const TAG_OPTIONS = {
  remove: { type: "string", value: "TAG", multiple: true, help: "tag to remove; may be repeated" },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** adept runs tag RUN TAG... [--remove TAG]... */
function runTag({ values, positionals: [wanted, ...tags] }: Parsed<typeof TAG_OPTIONS>): Promise<number> {
  const gone = (values.remove ?? []).map(plain);
  if (wanted === undefined || tags.length + gone.length === 0)
    throw new WrongUse("tag takes a run and tags, or --remove TAG");
  const run = namedRun(values["runs-dir"], wanted);
  return said(
    run,
    { tags: [...new Set([...run.record().tags, ...tags.map(plain)])].filter((each) => !gone.includes(each)) },
    values.json,
  );
}

export const tagCommand = command({
  summary: "adds tags to a run, or removes them",
  takes: "RUN [TAG]...",
  options: TAG_OPTIONS,
  examples: ["adept runs tag latest baseline", "adept runs tag latest --remove baseline"],
  run: runTag,
});

const plain = (word: string): string => word.trim().replace(/^#/, "");

/** adept runs note RUN TEXT; an empty text removes the note. */
function runNote({ values, positionals: [wanted, text] }: Parsed<typeof RUN_OPTIONS>): Promise<number> {
  if (wanted === undefined || text === undefined) throw new WrongUse("note takes a run and a text");
  return said(namedRun(values["runs-dir"], wanted), { note: text }, values.json);
}

export const noteCommand = command({
  summary: "writes a note on a run; an empty text removes it",
  takes: "RUN TEXT",
  options: RUN_OPTIONS,
  examples: ['adept runs note latest "the best learning rate so far"'],
  run: runNote,
});

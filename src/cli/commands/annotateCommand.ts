import { parseArgs } from "node:util";
import { Annotation } from "../../record/events.ts";
import { commitAnnotation } from "../../run/git/annotationCommit.ts";
import { annotateRun } from "../../run/journal.ts";
import type { RunDirectory } from "../../run/runDirectory.ts";
import { namedRun } from "../place.ts";
import { oneLine, say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

const OPTIONS = { "runs-dir": { type: "string" }, json: { type: "boolean" } } as const;

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

/** adept runs tag RUN TAG... [--remove TAG]... */
export function tag(args: string[]): Promise<number> {
  const {
    values,
    positionals: [wanted, ...tags],
  } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...OPTIONS, remove: { type: "string", multiple: true } },
  });
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

const plain = (word: string): string => word.trim().replace(/^#/, "");

/** adept runs note RUN TEXT; an empty text takes the note away */
export function note(args: string[]): Promise<number> {
  const {
    values,
    positionals: [wanted, text],
  } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  if (wanted === undefined || text === undefined) throw new WrongUse("note takes a run and a text");
  return said(namedRun(values["runs-dir"], wanted), { note: text }, values.json);
}

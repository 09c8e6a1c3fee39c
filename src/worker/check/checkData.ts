import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { explained } from "../../base/text/explain.ts";
import { nearestNames } from "../../base/text/nearestName.ts";
import { fieldNames, templateParts } from "../../experiment/templateParts.ts";
import { splitFiles, TRAINING_FILES } from "../../task/splitFiles.ts";
import type { ExperimentText, Key } from "./experimentText.ts";
import type { KnownFields } from "./knownFields.ts";

/** Locates a run's key in the experiment file. */
export type Locate = (keys: readonly string[]) => readonly Key[];

/** Checks the data of a run: a folder must have a training file, and a template's fields must exist. */
export async function checkData(
  text: ExperimentText,
  { task }: Experiment,
  { known, at, alone }: { known: KnownFields; at: Locate; alone: boolean },
): Promise<void> {
  if (task.kind === "named") checkFolder(text, task.folder, at(["task", "folder"]));
  const noChat = task.kind === "chat" ? await known.noChat(task.train) : undefined;
  if (noChat !== undefined)
    text.tell(at(["task", "train"]), { code: "bad-data", message: explained(noChat.phrase, noChat.actionPhrase) });
  if (task.kind !== "file") return;
  const fields = await known.of(task.train);
  if ("error" in fields) {
    text.tell(at(["task", "train"]), { code: "bad-data", message: fields.error.phrase });
    return;
  }
  for (const key of ["source", "target"] as const)
    checkTemplate(text, task[key], fields.names, { keys: at(["task", key]), alone });
}

function checkFolder(text: ExperimentText, folder: string, keys: readonly Key[]): void {
  try {
    if (splitFiles(folder, "train").length === 0)
      text.tell(keys, {
        code: "missing-file",
        message: phrase`${folder} has no training file: one of ${TRAINING_FILES}.`,
      });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    text.tell(keys, { code: "bad-data", message: error.phrase });
  }
}

/** Reports the fields that a template names and the data lack. */
function checkTemplate(
  text: ExperimentText,
  template: string,
  names: readonly string[],
  { keys, alone }: { keys: readonly Key[]; alone: boolean },
): void {
  const parts = templateParts(template, names);
  if (parts === undefined) {
    text.tell(keys, {
      code: "bad-template",
      message: phrase`"${template}" has a brace without its partner. Write {{ or }} for a brace that is text.`,
    });
    return;
  }
  for (const part of parts) {
    if ("literal" in part || fieldNames(part.field).some((name) => names.includes(name))) continue;
    const field = part.field.trim();
    const near = nearestNames(field, names);
    const likely = near.length > 0 ? near : names.slice(0, 4);
    const offered = alone ? likely : [];
    text.tell(keys, {
      code: "unknown-field",
      message: phrase`The data has no field "${field}"; it has: ${names.join(", ")}.`,
      fixes: offered.flatMap((name) =>
        text.replace(
          keys,
          template.replaceAll(`{${part.field}}`, () => `{${name}}`),
          phrase`Use {${name}}`,
        ),
      ),
    });
  }
}

import type { Phrase } from "../../base/phrase.ts";
import type { TaskSpec } from "../../experiment/experiment.ts";
import type { Example, Splits } from "../example.ts";
import { EXPERIMENT_SETTINGS, examplesOf, usableExamples } from "../fileExamples.ts";
import { readData } from "../rows/readRows.ts";
import { SCORED } from "../splitNames.ts";
import type { Row } from "../rows/row.ts";
import { rowLocation } from "../rows/rowLocation.ts";
import { splitBySeed } from "../split.ts";
import { checkedTurns } from "./checkTurns.ts";
import { promptText, withSystem } from "./conversation.ts";
import { rowTurns } from "./rowTurns.ts";

type ChatSpec = Extract<TaskSpec, { kind: "chat" }>;

/**
 * The conversation of a row, as an example of its last answer.
 * @throws UserError naming file, line and turn
 */
export function chatExample(
  path: string,
  row: Row,
  { system, trainOn }: Pick<ChatSpec, "system" | "trainOn">,
): Example {
  const place = rowLocation(path, row);
  const { messages, system: own = system, tools } = rowTurns(path, row);
  const checked = checkedTurns(messages, place);
  const turns = own === undefined || own.trim() === "" ? checked : withSystem(checked, own);
  return {
    source: promptText(turns),
    target: turns.at(-1)!.content.trim(),
    chat: { messages: turns, tools, trainOn, place },
    origin: { path, row },
  };
}

/** An example that is scored by its last answer, whatever is trained. */
export const scoredByLast = (example: Example): Example => ({
  ...example,
  ...(example.chat && { chat: { ...example.chat, trainOn: "last" } }),
});

/**
 * Loads conversations. A split without a file of its own is a seeded fraction of the training file.
 * @throws UserError naming file, line and turn
 */
export async function loadChatTask(spec: ChatSpec, skip = EXPERIMENT_SETTINGS.skip): Promise<Splits> {
  const notes: Phrase[] = [];
  const read = async (path: string): Promise<Example[]> => {
    const data = await readData(path, spec);
    notes.push(...(data.notes ?? []));
    const found = examplesOf(data, (row) => chatExample(path, row, spec));
    return usableExamples(path, found, { skips: spec.skipBadRows, skip }, notes);
  };
  const { validation, test, seed } = spec.split;
  const split = splitBySeed(await read(spec.train), {
    seed,
    validation: spec.validation === undefined ? validation : 0,
    test: spec.test === undefined ? test : 0,
  });
  return {
    train: split.train,
    validation: (spec.validation === undefined ? split.validation : await read(spec.validation)).map(scoredByLast),
    test: (spec.test === undefined ? split.test : await read(spec.test)).map(scoredByLast),
    drawn: SCORED.filter((split) => spec[split] === undefined),
    ...(notes.length > 0 && { notes }),
  };
}

import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { ExactNumber } from "./exactJson.ts";
import type { Row } from "./row.ts";
import { rowLocation } from "./rowLocation.ts";
import { phrase } from "../../base/phrase.ts";

const Answers = z.array(z.union([z.string(), z.object({ text: z.string() }).transform(({ text }) => text)]));
const Question = z.object({
  id: z.union([z.string(), z.number(), z.instanceof(ExactNumber).transform(({ text }) => text)]).optional(),
  qid: z.string().optional(),
  question: z.string(),
  answers: Answers,
  is_impossible: z.boolean().optional(),
});
const Paragraph = z.object({ context: z.string(), qas: z.array(z.unknown()) });
type Place = Pick<Row, "line" | "unit">;

/**
 * Parses a part of a file.
 * @param inside path of the part in its document, for messages
 * @throws UserError naming the file, the place and the field that is wrong
 */
export function parsePart<T>(
  schema: z.ZodType<T>,
  value: unknown,
  { path, place, inside }: { path: string; place?: Place | undefined; inside: string },
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path: keys, message } = parsed.error.issues[0]!;
  const field = [inside, ...keys.map(String)].filter((each) => each !== "").join(".");
  throw new UserError(
    "question-malformed",
    phrase`${place === undefined ? path : rowLocation(path, place)}: ${field === "" ? phrase`the content` : phrase`the field "${field}"`}: ${message}`,
    phrase`SQuAD and MRQA have a context and "qas", each with a question and answers.`,
  );
}

/**
 * Makes a row of each question of a paragraph of SQuAD, or of a line of MRQA, with the fields question, context, id and
 * the list answers.
 * @param at.place the line of the file; undefined where questions are counted, from `asked` + 1
 * @throws UserError naming the file, the place and the field that is wrong
 */
export function squadRows(
  value: unknown,
  at: { path: string; inside: string; place: Place | undefined; asked: number },
): Row[] {
  const { context, qas } = parsePart(Paragraph, value, at);
  return qas.map((qa, index) => {
    const place: Place = at.place ?? { line: at.asked + index + 1, unit: "question" };
    const {
      id,
      qid,
      question,
      answers,
      is_impossible: impossible,
    } = parsePart(Question, qa, { path: at.path, place, inside: at.place === undefined ? "" : `qas.${index}` });
    const name = qid ?? id;
    return {
      fields: {
        question,
        context,
        ...(name !== undefined && { id: String(name) }),
        ...(impossible !== undefined && { is_impossible: String(impossible) }),
      },
      lists: { answers },
      ...place,
    };
  });
}

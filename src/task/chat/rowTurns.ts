import { UserError } from "../../base/errors.ts";
import { phrase, verbatim, type Phrase } from "../../base/phrase.ts";
import type { ChatMessage } from "../../base/chatMessage.ts";
import type { Row } from "../rows/row.ts";
import { rowLocation } from "../rows/rowLocation.ts";

/** What a turn's role is called in other data, by lower-case name. */
export const ROLES: Readonly<Record<string, string>> = {
  system: "system",
  developer: "system",
  user: "user",
  human: "user",
  assistant: "assistant",
  gpt: "assistant",
  model: "assistant",
  tool: "tool",
  function: "tool",
  observation: "tool",
  function_response: "tool",
};
/** Columns of conversations, the first that a row has. */
export const CONVERSATIONS = ["messages", "conversations", "conversation"];
/** Columns of a question and of its answer. */
const PAIRS: readonly { question: string; more?: readonly string[]; answer: readonly string[] }[] = [
  { question: "prompt", answer: ["completion", "response"] },
  { question: "instruction", more: ["input", "context"], answer: ["output", "response"] },
];
/** The columns of all questions, and of all answers. */
export const QUESTION_COLUMNS = PAIRS.flatMap(({ question, more = [] }) => [question, ...more]);
export const ANSWER_COLUMNS = [...new Set(PAIRS.flatMap(({ answer }) => answer))];
const MOST_NAMED = 50;
const MOST_TURNS = 2000;

/** Whether a row is a list of turns. */
export const hasTurns = ({ objects = {} }: Row): boolean => CONVERSATIONS.some((name) => Object.hasOwn(objects, name));

const hasField = ({ fields, objects = {} }: Row, name: string): boolean =>
  Object.hasOwn(fields, name) || Object.hasOwn(objects, name);

/** Whether a row is a list of turns, or a question and its answer under the names of such data. */
export const isConversation = (row: Row): boolean =>
  hasTurns(row) ||
  PAIRS.some(({ question, answer }) => hasField(row, question) && answer.some((name) => hasField(row, name)));

type Fail = (what: Phrase, action: Phrase) => never;
type Turn = Readonly<Record<string, unknown>>;

/** The text of a turn; null where it has none. A list of parts, as some programs write, is joined. */
function contentOf(turn: Turn, fail: (what: Phrase) => never): string {
  const content = turn["content"] ?? turn["value"] ?? "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return fail(phrase`its content is no text`);
  return content
    .map((part: unknown) => {
      const text = typeof part === "object" && part !== null && "text" in part ? part.text : part;
      return typeof text === "string" ? text : fail(phrase`its content has a part that is no text`);
    })
    .join("");
}

/** Turns with the role names of Hugging Face; what else a turn says, such as tool calls, stays. */
function turnsOf(turns: readonly Turn[], fail: Fail): ChatMessage[] {
  if (turns.length > MOST_TURNS)
    return fail(phrase`the conversation has ${turns.length} turns, more than ${MOST_TURNS}`, phrase`Split it.`);
  return turns.map((turn, at) => {
    const named = turn["role"] ?? turn["from"];
    const name = typeof named === "string" ? named : "";
    const role = Object.hasOwn(ROLES, name.toLowerCase()) ? ROLES[name.toLowerCase()] : undefined;
    if (role === undefined)
      return fail(
        phrase`turn ${at + 1} has the role "${name.slice(0, 40)}"`,
        phrase`A role is system, user, assistant or tool (or human, gpt, as ShareGPT writes them).`,
      );
    const content = contentOf(turn, (what) =>
      fail(phrase`turn ${at + 1}: ${what}`, phrase`Give text alone; pictures and sound cannot be read.`),
    );
    const { from: _, value: __, ...rest } = turn;
    return { ...rest, role, content };
  });
}

/** Turns of a question and its answer, each a text or a list of turns. */
function pairOf(row: Row, fail: Fail): ChatMessage[] | undefined {
  const has = (name: string): boolean => hasField(row, name);
  for (const { question, more = [], answer } of PAIRS) {
    const answered = answer.find(has);
    if (!has(question) || answered === undefined) continue;
    const side = (name: string, role: string, beside: readonly string[] = []): ChatMessage[] => {
      const turns = row.objects?.[name];
      if (turns !== undefined) return turnsOf(turns, fail);
      const texts = [name, ...beside].map((each) => row.fields[each] ?? "").filter((text) => text.trim() !== "");
      return [{ role, content: texts.join("\n\n") }];
    };
    return [...side(question, "user", more.filter(has).slice(0, 1)), ...side(answered, "assistant")];
  }
  return undefined;
}

/** The tools of a row: a list of objects, or JSON of one. */
function toolsOf(row: Row, fail: Fail): readonly unknown[] | undefined {
  const text = row.fields["tools"];
  if (text === undefined || text.trim() === "") return row.objects?.["tools"];
  try {
    const tools: unknown = JSON.parse(text);
    if (Array.isArray(tools)) return tools.length === 0 ? undefined : tools;
  } catch (error) {
    return fail(
      phrase`the field "tools" is no JSON: ${verbatim((error as Error).message)}`,
      phrase`It is a list of JSON schemas, one for each tool.`,
    );
  }
  return fail(phrase`the field "tools" is no list`, phrase`It is a list of JSON schemas, one for each tool.`);
}

/**
 * The turns of a row of data: messages (role, content), ShareGPT's conversations (from, value), prompt and completion
 * (texts or turns), or instruction, input and output.
 * @throws UserError naming file, line and turn
 */
export function rowTurns(
  path: string,
  row: Row,
): { messages: ChatMessage[]; system: string | undefined; tools: readonly unknown[] | undefined } {
  const fail: Fail = (what, action) => {
    throw new UserError("chat-row-malformed", phrase`${rowLocation(path, row)}: ${what}`, action);
  };
  const listed = CONVERSATIONS.find((name) => Object.hasOwn(row.objects ?? {}, name));
  const messages = listed === undefined ? pairOf(row, fail) : turnsOf(row.objects![listed]!, fail);
  const names = [...new Set([...Object.keys(row.fields), ...Object.keys(row.objects ?? {})])];
  if (messages === undefined)
    return fail(
      phrase`the row is no conversation; it has: ${names.slice(0, MOST_NAMED).join(", ")}`,
      phrase`Give messages (a list of role and content), prompt and completion, or instruction and output; for other columns take a task of kind "file".`,
    );
  return { messages, system: row.fields["system"], tools: toolsOf(row, fail) };
}

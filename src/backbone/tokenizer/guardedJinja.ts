import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";

type Statement = Parameters<Interpreter["evaluate"]>[0];
type Value = ReturnType<Interpreter["evaluate"]>;
type Program = ReturnType<typeof parse>;

/** Limits of one rendering: evaluated parts, characters of a text, elements of a list, and time (ms). */
const MOST_PARTS = 5_000_000;
const MOST_CHARACTERS = 16_000_000;
const MOST_ELEMENTS = 100_000;
const MOST_MS = 4000;
/** Characters and elements that a rendering may make in all: what it keeps takes memory. */
const MOST_MADE = 400_000_000;
/** An element of a list takes about as much memory as this many characters. */
const ELEMENT = 50;
/** Parts between looks at the clock, which takes longer than most parts. */
const LOOK = 64;
/** The longest template, and the longest run of white space in it, over which its reader takes quadratic time. */
const LONGEST_TEMPLATE = 256 * 1024;
const LONGEST_SPACE = 2000;

/**
 * The day that templates print. A clock would give each day's runs other inputs; Llama's own template has this day
 * where it knows none.
 */
const DAY = { "%Y": "2024", "%m": "07", "%d": "26", "%b": "Jul", "%B": "July", "%H": "00", "%M": "00", "%%": "%" };

/** What a template says by raise_exception: a conversation that it does not accept. */
export class TemplateRaised extends Error {}
/** A template that takes more time or memory than a conversation needs. */
export class TemplateTooCostly extends Error {}

/** Parts of a template whose value existed before. */
const isRead = (statement: Statement): boolean =>
  statement === undefined ||
  statement.type === "Identifier" ||
  (statement.type === "MemberExpression" &&
    (statement as { property?: { type: string } }).property?.type !== "SliceExpression");

/** Evaluates a template within limits of time and memory: a template is a program that came with a model. */
class GuardedInterpreter extends Interpreter {
  private parts = 0;
  private made = 0;
  private readonly until = performance.now() + MOST_MS;

  override evaluate(statement: Statement, environment: Environment): Value {
    this.parts++;
    const isLate = (this.parts % LOOK === 0 || statement?.type === "For") && performance.now() > this.until;
    if (isLate || this.parts > MOST_PARTS) throw new TemplateTooCostly("time");
    const result = super.evaluate(statement, environment);
    const own: unknown = result.value;
    const isList = Array.isArray(own);
    if (!isList && typeof own !== "string") return result;
    if (own.length > (isList ? MOST_ELEMENTS : MOST_CHARACTERS)) throw new TemplateTooCostly("memory");
    if (!isRead(statement)) this.made += own.length * (isList ? ELEMENT : 1);
    if (this.made > MOST_MADE) throw new TemplateTooCostly("memory");
    return result;
  }
}

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= MOST_ELEMENTS)) throw new TemplateTooCostly("memory");
  return Array.from({ length: count }, (_, i) => from + i * step);
}

/** The names that every template may use, as transformers defines them. */
const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range,
  raise_exception: (said: unknown): never => {
    throw new TemplateRaised(typeof said === "string" ? said : "");
  },
  strftime_now: (format: unknown): string =>
    String(format).replace(/%[YmdbBHM%]/g, (sign) => DAY[sign as keyof typeof DAY]),
};

/**
 * Parses a template of Jinja.
 * @throws Error saying what is wrong with it
 */
export function parseJinja(template: string): Program {
  if (template.length > LONGEST_TEMPLATE || new RegExp(`\\s{${LONGEST_SPACE}}`).test(template))
    throw new TemplateTooCostly("memory");
  return parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
}

/**
 * Renders a template with these names.
 * @throws TemplateRaised where the template refuses what it is given
 * @throws TemplateTooCostly
 * @throws Error where it uses what it is not given, or nests too deeply
 */
export function renderJinja(program: Program, names: Readonly<Record<string, unknown>>): string {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ ...GLOBALS, ...names })) environment.set(name, value);
  const text: unknown = new GuardedInterpreter(environment).run(program).value;
  return typeof text === "string" ? text : "";
}

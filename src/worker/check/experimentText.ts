import { createScanner, parse, parseTree, type Node } from "jsonc-parser";
import { english, phrase, type Phrase } from "../../base/phrase.ts";
import type { Problem } from "../../protocol/setupQuestions.ts";

/** A step of a path into an experiment: a property's name or an index of a list. */
export type Key = string | number;
/** An edit that solves a problem, with its title. */
export type Fix = Problem["fixes"][number];
/** Values of jsonc-parser's SyntaxKind, a const enum that is not available at run time. */
const COMMA = 5;
const LINE_COMMENT = 12;
const BLOCK_COMMENT = 13;
const TRIVIA = 14;
const LINE_BREAK = 15;

/** The text of an experiment file: where its keys are, the problems found, and edits that fix them. */
export class ExperimentText {
  readonly problems: Problem[] = [];
  /** Of each problem the key that it is told at, and its message where that place is not shown. */
  readonly told = new Map<Problem, { keys: readonly Key[]; message: Phrase }>();
  private readonly root: Node | undefined;

  constructor(readonly text: string) {
    this.root = parseTree(text, [], { allowTrailingComma: true });
  }

  /** The node of a key's value; of a repeated key the last one, which is the one that counts. */
  find(keys: readonly Key[]): Node | undefined {
    let node = this.root;
    for (const key of keys)
      node =
        node?.type === "array"
          ? node.children?.[Number(key)]
          : node?.children?.findLast(({ children }) => children?.[0]?.value === key)?.children?.[1];
    return node;
  }

  has(keys: readonly Key[]): boolean {
    return this.find(keys) !== undefined;
  }

  /** The node of a key's value, or of the nearest key above it that the file has. */
  node(keys: readonly Key[]): Node | undefined {
    for (let length = keys.length; length >= 0; length--) {
      const found = this.find(keys.slice(0, length));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The value of a key, or of the nearest key above it. */
  value(keys: readonly Key[]): unknown {
    const node = this.node(keys);
    return node === undefined
      ? undefined
      : parse(this.text.slice(node.offset, node.offset + node.length), [], { allowTrailingComma: true });
  }

  /** The value that a key itself has; undefined where it has none. */
  own(keys: readonly Key[]): unknown {
    return this.has(keys) ? this.value(keys) : undefined;
  }

  /** The string that a key has; undefined where it has none. */
  string(keys: readonly Key[]): string | undefined {
    const node = this.find(keys);
    return node?.type === "string" ? String(node.value) : undefined;
  }

  /**
   * Adds a problem at a key.
   * @param elsewhere the message for a terminal, where it says more
   * @param whole whether the key's name is marked too, as VS Code's own validation does for unknown keys
   */
  tell(
    keys: readonly Key[],
    {
      whole = false,
      elsewhere,
      ...problem
    }: {
      code: string;
      message: Phrase;
      severity?: Problem["severity"];
      schema?: boolean;
      fixes?: Fix[];
      whole?: boolean;
      elsewhere?: Phrase;
    },
  ): void {
    const node = (whole ? this.property(keys) : undefined) ?? this.node(keys);
    // Of an object or list only the opening bracket is marked.
    const from = node?.offset ?? 0;
    const isBracket = node === undefined || node.type === "object" || node.type === "array";
    const to = isBracket ? from + 1 : from + node.length;
    // Several runs of a sweep may have the same problem; it is reported once.
    if (this.problems.some((each) => each.from === from && english(each.message) === english(problem.message))) return;
    const told: Problem = { from, to, severity: "error", schema: false, fixes: [], ...problem };
    this.problems.push(told);
    this.told.set(told, { keys, message: elsewhere ?? problem.message });
  }

  /** A fix that replaces a key's value, as JSON. */
  replace(keys: readonly Key[], value: unknown, title = phrase`Change to ${JSON.stringify(value)}`): Fix[] {
    const node = this.find(keys);
    return node === undefined
      ? []
      : [{ title, edits: [{ from: node.offset, to: node.offset + node.length, text: JSON.stringify(value) }] }];
  }

  /** A fix that renames a key, unless the new name is taken. */
  rename(keys: readonly Key[], name: string): Fix[] {
    const property = this.property(keys)?.children?.[0];
    return property === undefined || this.has([...keys.slice(0, -1), name])
      ? []
      : [
          {
            title: phrase`Change to "${name}"`,
            edits: [{ from: property.offset, to: property.offset + property.length, text: JSON.stringify(name) }],
          },
        ];
  }

  /** A fix that removes a key and the comma beside it; comments on other keys stay. */
  remove(keys: readonly Key[]): Fix[] {
    const property = this.property(keys);
    const siblings = property?.parent?.children ?? [];
    if (property === undefined) return [];
    const end = property.offset + property.length;
    const before = siblings[siblings.indexOf(property) - 1];
    const behind = this.comma(end);
    const edits: Fix["edits"] = [
      { from: property.offset, to: behind === undefined ? end : this.pastSpaces(behind + 1), text: "" },
    ];
    // Where no comma follows the last key, the comma before it is removed.
    const parting =
      behind === undefined && before !== undefined ? this.comma(before.offset + before.length) : undefined;
    if (parting !== undefined) edits.unshift({ from: parting, to: parting + 1, text: "" });
    return [{ title: phrase`Remove "${String(keys.at(-1))}"`, edits }];
  }

  private property(keys: readonly Key[]): Node | undefined {
    const node = this.find(keys);
    return node?.parent?.type === "property" ? node.parent : undefined;
  }

  /** The offset of the next comma, if only spaces and comments are before it. */
  private comma(from: number): number | undefined {
    const scanner = createScanner(this.text, false);
    scanner.setPosition(from);
    let kind: number = scanner.scan();
    while ([LINE_COMMENT, BLOCK_COMMENT, TRIVIA, LINE_BREAK].includes(kind)) kind = scanner.scan();
    return kind === COMMA ? scanner.getTokenOffset() : undefined;
  }

  private pastSpaces(from: number): number {
    return from + (/^[ \t]*(\r?\n[ \t]*)?/.exec(this.text.slice(from))?.[0].length ?? 0);
  }
}

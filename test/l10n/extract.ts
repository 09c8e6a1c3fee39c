import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { experimentJsonSchema } from "../../src/experiment/jsonSchema.ts";

const ROOT = join(import.meta.dirname, "../../src");
export interface Found {
  file: string;
  line: number;
  text: string;
}

const filesOf = (room: string): string[] =>
  readdirSync(join(ROOT, room), { recursive: true })
    .map((name) => `${room}/${String(name)}`)
    .filter((name) => name.endsWith(".ts"));

/** The host's own sources: what runs where `vscode.l10n` is. */
export function hostSources(): { name: string; source: ts.SourceFile }[] {
  const names = ["extension.ts", ...filesOf("ui"), ...filesOf("protocol").filter((name) => name.endsWith("Labels.ts"))];
  return names.map((name) => ({
    name,
    source: ts.createSourceFile(name, readFileSync(join(ROOT, name), "utf8"), ts.ScriptTarget.Latest, true),
  }));
}

/** Whether a call translates: `vscode.l10n.t(...)`, or `t(...)` where a file calls it so. */
export const translates = (node: ts.Node): node is ts.CallExpression =>
  ts.isCallExpression(node) &&
  (node.expression.getText().endsWith("l10n.t") || (ts.isIdentifier(node.expression) && node.expression.text === "t"));

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}

/**
 * What a message says with its values left out: "There is no file {0}". Both ways of a condition; undefined where it is
 * no literal.
 */
function templatesOf(node: ts.Expression | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map(({ literal }, i) => `{${i}}${literal.text}`).join("")];
  if (ts.isConditionalExpression(node)) return [...templatesOf(node.whenTrue), ...templatesOf(node.whenFalse)];
  return [];
}

/** Letters of a template that are its own: without some it would fit anything. */
const tells = (template: string): boolean =>
  template.replace(/\{\d\}/g, "").replace(/[^a-z]/gi, "").length >= 6 && (template.match(/\{\d\}/g)?.length ?? 0) <= 9;

/**
 * What a text is called in the core that is shown where the run, its files or its experiment are: in a message, on a
 * page, in a row.
 */
const SHOWN = /^(message|reason|notes?|why|problem|title|warningsOf)$/;

/** What a name stands for, where it is a name of texts that are shown. */
function shownValue(node: ts.Node): ts.Node | undefined {
  if (ts.isFunctionDeclaration(node))
    return node.name !== undefined && SHOWN.test(node.name.text) ? node.body : undefined;
  if (!ts.isPropertyAssignment(node) && !ts.isVariableDeclaration(node)) return undefined;
  return SHOWN.test(node.name.getText()) ? node.initializer : undefined;
}

/** Sentences anywhere in an expression; what is only compared or searched for is none. */
function sentencesIn(node: ts.Node): string[] {
  const found: string[] = [];
  const visit = (each: ts.Node): void => {
    if (ts.isStringLiteralLike(each) || ts.isTemplateExpression(each)) found.push(...templatesOf(each));
    if (ts.isBinaryExpression(each) && each.operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken) return;
    each.forEachChild(visit);
  };
  visit(node);
  // A commit's own message is git's, and the same for everyone.
  return found.filter(
    (text) => /[a-z]{2,}[^\w]* [a-z]+/i.test(text.replace(/\{\d\}/g, "…")) && !text.startsWith("adept: "),
  );
}

/**
 * The messages of the core that a window shows: obstacles with what to do about them, and what is said of a run, its
 * files or its experiment.
 */
export function coreMessages(): string[] {
  const names = readdirSync(ROOT, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".ts") && !/^(ui|cli|analysis[\\/]report)[\\/]/.test(name));
  const texts = new Set<string>();
  for (const name of names) {
    const source = ts.createSourceFile(name, readFileSync(join(ROOT, name), "utf8"), ts.ScriptTarget.Latest, true);
    walk(source, (node) => {
      if (ts.isNewExpression(node) && node.expression.getText() === "UserError")
        for (const argument of node.arguments ?? []) for (const text of templatesOf(argument)) texts.add(text);
      const shown = shownValue(node);
      if (shown !== undefined) for (const text of sentencesIn(shown)) texts.add(text);
    });
  }
  return [...texts].filter(tells).sort();
}

/** What an experiment's keys say in a hover and its snippets in a list: of the schema that the build writes. */
export function schemaTexts(): string[] {
  const texts = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(visit);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    // A key's own name, such as a method's, is no text.
    for (const [key, each] of Object.entries(value))
      if (typeof each !== "string") {
        if (key !== "body" && key !== "default") visit(each);
      } else if (key === "title" || key === "description" || (key === "label" && isProse(each))) texts.add(each);
  };
  visit(experimentJsonSchema());
  return [...texts].sort();
}

/**
 * Every text that the host translates, sorted.
 * @throws Error where one is no literal, which no translator would ever see
 */
export function translatedTexts(): string[] {
  const texts = new Set<string>();
  // Messages of the core are found among the bundle's own keys.
  for (const { name, source } of hostSources().filter((each) => each.name !== "ui/window/localised.ts")) {
    walk(source, (node) => {
      if (!translates(node)) return;
      const [text] = node.arguments;
      if (text === undefined || !ts.isStringLiteralLike(text))
        throw new Error(`${name}: ${node.getText().slice(0, 80)} translates something that is no literal`);
      texts.add(text.text);
    });
  }
  return [...texts].sort();
}

/** Words that a person would read: two of them, or one that begins a sentence. */
const isProse = (text: string): boolean => /[a-z]{2,}[^\w]* [a-z]+/i.test(text) && !/^[\s\w./-]*[{<=;&|]/.test(text);

const logs = (node: ts.Node): boolean =>
  ts.isCallExpression(node) && /(^|\.)(log|logger)\.(info|warn|error|debug|trace)$/.test(node.expression.getText());
const bug = (node: ts.Node): boolean => ts.isNewExpression(node) && node.expression.getText() === "Error";

/** Prose in the host's sources that is neither translated, nor for the log, nor a bug's message. */
export function untranslated(): Found[] {
  const found: Found[] = [];
  for (const { name, source } of hostSources()) {
    const visit = (node: ts.Node): void => {
      if (translates(node) || logs(node) || bug(node) || ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
      if (
        (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) &&
        isProse(node.text)
      )
        found.push({
          file: name,
          line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1,
          text: node.text,
        });
      node.forEachChild(visit);
    };
    visit(source);
  }
  return found;
}

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

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}

/** The template of a phrase: phrase`No file ${path}` has "No file {0}"; undefined of anything else. */
export function templateOf(node: ts.Node): string | undefined {
  if (!ts.isTaggedTemplateExpression(node) || node.tag.getText() !== "phrase") return undefined;
  const { template } = node;
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
  return template.head.text + template.templateSpans.map(({ literal }, i) => `{${i}}${literal.text}`).join("");
}

/** Whether a template has words of its own: "{0} ({1})" is the same in all languages. */
const hasWords = (template: string): boolean => /[a-z]{2}/i.test(template.replace(/\{\d+\}/g, ""));

/** Sources of the programs: every room and every entry. */
export function allSources(): { name: string; source: ts.SourceFile }[] {
  return readdirSync(ROOT, { recursive: true })
    .map((name) => String(name).replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({
      name,
      source: ts.createSourceFile(name, readFileSync(join(ROOT, name), "utf8"), ts.ScriptTarget.Latest, true),
    }));
}

/**
 * The templates of the phrases that a window shows: of all rooms but the command line, which speaks English, and the
 * report's text.
 */
export function coreMessages(): string[] {
  const texts = new Set<string>();
  for (const { source } of allSources().filter((each) => !/^(cli|analysis\/report)\//.test(each.name)))
    walk(source, (node) => {
      const template = templateOf(node);
      if (template !== undefined && hasWords(template)) texts.add(template);
    });
  return [...texts].sort();
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
      if (
        translates(node) ||
        templateOf(node) !== undefined ||
        logs(node) ||
        bug(node) ||
        ts.isImportDeclaration(node) ||
        ts.isTypeNode(node)
      )
        return;
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

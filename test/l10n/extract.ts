import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname, "../../src");
export interface Found { file: string; line: number; text: string }

/** The host's own sources: what runs where `vscode.l10n` is. */
export function hostSources(): { name: string; source: ts.SourceFile }[] {
  const names = ["extension.ts", ...readdirSync(join(ROOT, "ui")).filter((name) => name.endsWith(".ts")).map((name) => `ui/${name}`)];
  return names.map((name) => ({ name, source: ts.createSourceFile(name, readFileSync(join(ROOT, name), "utf8"), ts.ScriptTarget.Latest, true) }));
}

/** Whether a call translates: `vscode.l10n.t(...)`, or `t(...)` where a file calls it so. */
export const translates = (node: ts.Node): node is ts.CallExpression => ts.isCallExpression(node) && (node.expression.getText().endsWith("l10n.t") || (ts.isIdentifier(node.expression) && node.expression.text === "t"));

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => { walk(child, visit); });
}

/** What a message says with its values left out: "There is no file {0}". Both ways of a condition; undefined where it is no literal. */
function templatesOf(node: ts.Expression | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) return [node.head.text + node.templateSpans.map(({ literal }, i) => `{${i}}${literal.text}`).join("")];
  if (ts.isConditionalExpression(node)) return [...templatesOf(node.whenTrue), ...templatesOf(node.whenFalse)];
  return [];
}

/** Letters of a template that are its own: without some it would fit anything. */
const tells = (template: string): boolean => template.replace(/\{\d\}/g, "").replace(/[^a-z]/gi, "").length >= 6 && (template.match(/\{\d\}/g)?.length ?? 0) <= 9;

/** The messages of the core that a window shows: obstacles with what to do about them, and what is wrong with an experiment or its data. */
export function coreMessages(): string[] {
  const names = readdirSync(ROOT, { recursive: true }).map(String).filter((name) => name.endsWith(".ts") && !/^(ui|cli)[\\/]/.test(name)), texts = new Set<string>();
  for (const name of names) {
    const source = ts.createSourceFile(name, readFileSync(join(ROOT, name), "utf8"), ts.ScriptTarget.Latest, true), shown = /worker[\\/](check\w+|experimentText|inspect)\.ts$/.test(name);
    walk(source, (node) => {
      if (ts.isNewExpression(node) && node.expression.getText() === "UserError") for (const argument of node.arguments ?? []) for (const text of templatesOf(argument)) texts.add(text);
      if (shown && ts.isPropertyAssignment(node) && /^(message|title|problem)$/.test(node.name.getText())) for (const text of templatesOf(node.initializer)) texts.add(text);
    });
  }
  return [...texts].filter(tells).sort();
}

/** Every text that the host translates, sorted. @throws Error where one is no literal, which no translator would ever see */
export function translatedTexts(): string[] {
  const texts = new Set<string>();
  // Messages of the core are found among the bundle's own keys.
  for (const { name, source } of hostSources().filter((each) => each.name !== "ui/localised.ts")) {
    walk(source, (node) => {
      if (!translates(node)) return;
      const [text] = node.arguments;
      if (text === undefined || !ts.isStringLiteralLike(text)) throw new Error(`${name}: ${node.getText().slice(0, 80)} translates something that is no literal`);
      texts.add(text.text);
    });
  }
  return [...texts].sort();
}

/** Words that a person would read: two of them, or one that begins a sentence. */
const isProse = (text: string): boolean => /[a-z]{2,}[^\w]* [a-z]+/i.test(text) && !/^[\s\w./-]*[{<=;&|]/.test(text);

const logs = (node: ts.Node): boolean => ts.isCallExpression(node) && /(^|\.)(log|logger)\.(info|warn|error|debug|trace)$/.test(node.expression.getText());
const bug = (node: ts.Node): boolean => ts.isNewExpression(node) && node.expression.getText() === "Error";

/** Prose in the host's sources that is neither translated, nor for the log, nor a bug's message. */
export function untranslated(): Found[] {
  const found: Found[] = [];
  for (const { name, source } of hostSources()) {
    const visit = (node: ts.Node): void => {
      if (translates(node) || logs(node) || bug(node) || ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
      if ((ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) && isProse(node.text)) found.push({ file: name, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, text: node.text });
      node.forEachChild(visit);
    };
    visit(source);
  }
  return found;
}

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { receivedError, sentError, UserError } from "../../../src/base/errors.ts";
import { english, listed, phrase, readPhrase, type Phrase } from "../../../src/base/phrase.ts";
import { allSources, templateOf, walk } from "../../l10n/extract.ts";

interface Site {
  place: string;
  code: string | undefined;
  /** The templates that the message may have, where it is written at the site; a condition has several. */
  templates: string[];
}

function templatesOf(node: ts.Expression | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isConditionalExpression(node)) return [...templatesOf(node.whenTrue), ...templatesOf(node.whenFalse)];
  const template = templateOf(node);
  return template === undefined ? [] : [template];
}

/** Every place of the sources that makes a UserError; errors.ts makes those that another process has sent. */
function sites(): Site[] {
  const found: Site[] = [];
  for (const { name, source } of allSources().filter((each) => each.name !== "base/errors.ts"))
    walk(source, (node) => {
      if (!ts.isNewExpression(node) || node.expression.getText() !== "UserError") return;
      const [code, message] = node.arguments ?? [];
      found.push({
        place: `${name}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`,
        code: code !== undefined && ts.isStringLiteral(code) ? code.text : undefined,
        templates: templatesOf(message),
      });
    });
  return found;
}

test("every error has a code in kebab-case, written where it is made, and a code has one meaning: the same templates everywhere", () => {
  const all = sites();
  assert.ok(all.length > 200, `${all.length} places`);
  assert.deepEqual(
    all.filter(({ code }) => !/^[a-z0-9]+(-[a-z0-9]+)+$/.test(code ?? "")),
    [],
  );
  const meanings = new Map<string, Site>();
  for (const site of all) {
    const before = meanings.get(site.code!) ?? site;
    meanings.set(site.code!, before);
    assert.deepEqual(site.templates, before.templates, `${site.code!}: ${before.place}, ${site.place}`);
  }
});

test("no phrase has a place of its own making: {0} in its words would take a value", () => {
  for (const { name, source } of allSources())
    walk(source, (node) => {
      if (!ts.isTaggedTemplateExpression(node) || node.tag.getText() !== "phrase") return;
      const { template } = node;
      const words = ts.isNoSubstitutionTemplateLiteral(template)
        ? [template.text]
        : [template.head.text, ...template.templateSpans.map(({ literal }) => literal.text)];
      for (const each of words) assert.doesNotMatch(each, /\{\d+\}/, `${name}: ${each}`);
    });
});

test("no program tells errors apart by their words; those of git and of onnxruntime have no codes, and are read in one file each", () => {
  const root = join(import.meta.dirname, "../../..");
  const words = ["src/run/git/gitWords.ts", "src/engine/runtimeWords.ts"];
  const reads =
    /\b(message|action|reason|why)(\)|\b)\s*\??\.(match|matchAll|startsWith|endsWith|includes|search|indexOf)\(|\.(test|exec)\([^()\n]*\b(message|action|reason|why)\b/;
  for (const room of ["src", "webview"])
    for (const name of readdirSync(join(root, room), { recursive: true }).map((each) => `${room}/${String(each)}`))
      if (name.endsWith(".ts") && !words.includes(name))
        assert.doesNotMatch(readFileSync(join(root, name), "utf8"), reads, name);
});

test("an error goes to another process and comes back with its code, its phrases and its English", () => {
  const error = new UserError(
    "tokenizer-missing",
    phrase`${"/a"} has no tokenizer.json`,
    phrase`Save the model with a fast tokenizer (tokenizer.json) and try again.`,
  );
  const back = receivedError(JSON.parse(JSON.stringify(sentError(error))) as ReturnType<typeof sentError>);
  assert.ok(back instanceof UserError);
  assert.deepEqual(
    [back.code, back.message, back.action, back.phrase],
    [error.code, "/a has no tokenizer.json", error.action, error.phrase],
  );
  const bug = receivedError(sentError(new TypeError("x is not a function")));
  assert.ok(!(bug instanceof UserError) && bug.message === "x is not a function" && bug.stack !== undefined);
});

test("values are filled in as they stand, each once, and what is too long is cut", () => {
  assert.equal(english(phrase`${"{1}"} and ${"$&"}: ${listed([1, "b", phrase`c ${2}`])}`), "{1} and $&: 1, b, c 2");
  const long = phrase`${"x".repeat(1e6)}`;
  assert.ok(english(long).length < 10_010 && JSON.stringify(long).length < 10_100);
});

test("a phrase of a file is one in shape and size, or none", () => {
  const good = phrase`a ${phrase`b ${1}`} ${"c"}`;
  assert.deepEqual(readPhrase(JSON.parse(JSON.stringify(good))), good);
  for (const json of [
    null,
    "a",
    {},
    { template: 1, values: [] },
    { template: "a" },
    { template: "a {0}", values: [null] },
    { template: "a {0}", values: [{ template: "b" }] },
    { template: "x".repeat(100_000), values: [] },
    { template: "", values: Array.from({ length: 100_000 }, () => 1) },
    {
      template: "",
      values: Array.from({ length: 1999 }, () => ({ template: "", values: [{ template: "", values: [] }] })),
    },
  ])
    assert.equal(readPhrase(json), undefined);
  let deep: Phrase = phrase`end`;
  for (let i = 0; i < 5000; i++) deep = phrase`${deep}`;
  assert.equal(readPhrase(deep), undefined);
});

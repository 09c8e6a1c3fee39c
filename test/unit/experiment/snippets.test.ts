import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import { snippetText } from "../../host/snippetText.ts";

interface Snippet {
  label: string;
  body: unknown;
}
interface Schema {
  allowTrailingCommas: boolean;
  allowComments: boolean;
  defaultSnippets: Snippet[];
  properties: Record<string, { defaultSnippets?: Snippet[] }>;
}
const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../dist/experiment.schema.json"), "utf8"),
) as Schema;

test("the text of a snippet is what VS Code inserts", () => {
  assert.equal(snippetText({ a: "^${1:5}", b: "${2:x}y", c: "{${3:text}}" }), '{"a":5,"b":"xy","c":"{text}"}');
  // A backslash of the body is doubled when it is written as JSON: it escapes nothing then.
  assert.throws(() => {
    JSON.parse(snippetText({ source: "${3:{text\\}}" }));
  });
});

test("what completion offers is an experiment, or a part of one", () => {
  assert.ok(schema.defaultSnippets.length >= 3);
  for (const { label, body } of schema.defaultSnippets)
    assert.doesNotThrow(() => ExperimentFile.parse(JSON.parse(snippetText(body))), label);
  const base = { name: "x", task: { kind: "mail" }, method: { kind: "adept" } };
  const parts = Object.entries(schema.properties).flatMap(([key, { defaultSnippets = [] }]) =>
    defaultSnippets.map((each) => ({ key, ...each })),
  );
  assert.ok(parts.length > 8);
  for (const { key, label, body } of parts)
    assert.doesNotThrow(
      () => ExperimentFile.parse({ ...base, [key]: JSON.parse(snippetText(body)) as unknown }),
      `${key}: ${label}`,
    );
});

test("the editor takes what the reader takes: comments, and a comma at the end", () => {
  assert.deepEqual([schema.allowComments, schema.allowTrailingCommas], [true, true]);
});

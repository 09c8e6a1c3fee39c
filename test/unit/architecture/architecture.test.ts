import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { arrows, roomImports } from "./rooms.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

test("the picture of the rooms shows the imports that the sources have, and no others", async () => {
  const [, picture] = /```mermaid\nflowchart TD\n([^`]*)```/.exec(read("docs/architecture.md")) ?? [];
  const drawn = (picture ?? "").split("\n").filter((line) => line.includes("-->"));
  assert.deepEqual(drawn.sort(), arrows(await roomImports()));
});

test("the fewest arrows leave out what another way leads to, and a room's own way stays", () => {
  const edges = new Map([
    ["a", new Set(["b", "c", "d"])],
    ["b", new Set(["c"])],
    ["c", new Set<string>()],
    ["d", new Set<string>()],
  ]);
  assert.deepEqual(arrows(edges), ["  a --> b", "  a --> d", "  b --> c"]);
});

test("every room of the sources has its line in the architecture page and its rule", async () => {
  const rules: unknown = await import(pathToFileURL(join(ROOT, ".dependency-cruiser.mjs")).href);
  const { rooms } = rules as { rooms: Record<string, string[]> };
  const page = read("docs/architecture.md");
  // git leaves the empty folder of a room that was renamed: only one with files is a room.
  const folders = readdirSync(join(ROOT, "src"), { withFileTypes: true }).filter(
    (each) => each.isDirectory() && readdirSync(join(ROOT, "src", each.name)).length > 0,
  );
  assert.deepEqual(folders.map(({ name }) => name).sort(), Object.keys(rooms).sort());
  for (const { name } of folders) assert.match(page, new RegExp(`^\\| \`${name}/\` \\|`, "m"), name);
});

for (const page of ["docs/architecture.md", "CONTRIBUTING.md"])
  test(`the files that ${page} names exist`, () => {
    const named = [...read(page).matchAll(/`((?:src|webview|test|docs|media|l10n|examples)\/[\w./-]*)`/g)];
    const missing = named.map(([, file = ""]) => file).filter((file) => !existsSync(join(ROOT, file)));
    assert.ok(named.length > 20, "the page names few files");
    assert.deepEqual(missing, []);
  });

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

const root = resolve(import.meta.dirname, "../..");
const meta = join(root, "dist/meta.json");
interface Notices {
  notices: (root: string, inputs: readonly string[]) => string;
  shippedPackages: (root: string, inputs: readonly string[]) => string[];
}

test(
  "every shipped package is in the notices with its licence's text, those without a file of it too",
  { skip: !existsSync(meta) },
  async () => {
    const { notices, shippedPackages } = (await import(join(root, "notices.mjs"))) as Notices;
    const inputs = Object.keys((JSON.parse(readFileSync(meta, "utf8")) as { inputs: object }).inputs);
    const packages = shippedPackages(root, inputs);
    const parts = notices(root, inputs).split(`\n\n${"-".repeat(80)}\n\n`);
    assert.ok(packages.length > 40 && parts.length === packages.length);
    for (const [i, folder] of packages.entries()) {
      const { name, version } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
        name: string;
        version: string;
      };
      const part = parts[i]!;
      assert.ok(part.includes(`${name} ${version} (`), name);
      assert.match(part, /permission|redistribution|license|licence/i, name);
      assert.ok(part.length > 500, `${name}: a licence's text is longer than ${part.length} letters`);
      const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter(
        (each) =>
          /^(licen[cs]e|notice)/i.test(each) &&
          !each.includes("node_modules") &&
          statSync(join(root, folder, each)).isFile(),
      );
      for (const file of files)
        assert.ok(part.includes(readFileSync(join(root, folder, file), "utf8").trim()), `${name}: ${file}`);
    }
    for (const name of ["onnxruntime-node", "@microsoft/fast-element"])
      assert.match(
        parts.find((part) => part.includes(`${name} `))!,
        /Copyright \(c\) Microsoft Corporation[^]*WITHOUT WARRANTY OF ANY KIND/,
      );
    console.log(parts.map((part) => `# ${/^(?:ADePT Lab ships.*\n\n)?(.*)/.exec(part)![1]!}`).join("\n"));
  },
);

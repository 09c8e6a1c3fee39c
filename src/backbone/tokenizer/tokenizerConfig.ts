import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { boundedText } from "../../base/files/boundedFile.ts";
import { outOfBounds } from "../../base/jsonBounds.ts";
import { phrase, verbatim, type Phrase } from "../../base/phrase.ts";

/** The largest file that is read, in bytes; those with thousands of added tokens have about one megabyte. */
const MOST_BYTES = 16 * 1024 * 1024;

/** A special token, as a text or as an object with its options. */
const Token = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
/** A value that is no token, such as null, is left out. */
const OptionalToken = Token.optional().catch(undefined);
const Tokens = z.object({
  bos_token: OptionalToken,
  eos_token: OptionalToken,
  unk_token: OptionalToken,
  pad_token: OptionalToken,
  sep_token: OptionalToken,
  cls_token: OptionalToken,
  mask_token: OptionalToken,
});
const Templates = z.union([
  z.string().transform((template) => ({ default: template })),
  z
    .array(z.object({ name: z.string(), template: z.string() }))
    .transform((named) => Object.fromEntries(named.map(({ name, template }) => [name, template]))),
]);
const Config = Tokens.extend({
  chat_template: Templates.nullish(),
  added_tokens_decoder: z
    .record(z.string(), z.object({ content: z.string() }))
    .optional()
    .catch(undefined),
});

/** The special tokens of a tokenizer by the names that its files and templates use. */
export type SpecialTokens = Readonly<Record<string, string>>;

/** What the files beside a tokenizer.json say of it. */
export interface TokenizerConfig {
  /** bos_token, eos_token and the others that it has. */
  specialTokens: SpecialTokens;
  /** Chat templates by name; the usual one is "default". Empty where the model has none. */
  templates: Readonly<Record<string, string>>;
  /** The file that the templates are from. */
  templateFile: string | undefined;
  /** The id of an added token, where the files list it. */
  addedIds: ReadonlyMap<string, number>;
}

/**
 * Reads a JSON file of a model folder; undefined where it is not there.
 * @param most its largest size in bytes
 * @throws UserError naming the file and the key
 */
export function readTokenizerJson<T>(path: string, schema: z.ZodType<T>, most = MOST_BYTES): T | undefined {
  if (!existsSync(path)) return undefined;
  const text = boundedText(path, most);
  const fail = (what: Phrase): never => {
    throw new UserError(
      "tokenizer-config-malformed",
      phrase`${path}: ${what}`,
      phrase`Download the model again, or mend that file.`,
    );
  };
  const out = outOfBounds(text);
  if (out !== undefined) return fail(phrase`it has ${out.what}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return fail(verbatim((error as Error).message));
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  return fail(verbatim(`${issue.path.join(".")}: ${issue.message}`));
}

const known = (tokens: z.output<typeof Tokens> | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.keys(Tokens.shape).flatMap((name) => {
      const token = tokens?.[name as keyof typeof Tokens.shape];
      return token === undefined ? [] : [[name, token]];
    }),
  );

/** The chat templates of a folder; a file of their own goes before the tokenizer's config, as in transformers. */
function templatesOf(
  folder: string,
  config: z.output<typeof Config> | undefined,
): Pick<TokenizerConfig, "templates" | "templateFile"> {
  const jinja = join(folder, "chat_template.jinja");
  if (existsSync(jinja)) return { templates: { default: boundedText(jinja, MOST_BYTES) }, templateFile: jinja };
  const json = join(folder, "chat_template.json");
  const own = readTokenizerJson(json, z.object({ chat_template: Templates }));
  if (own !== undefined) return { templates: own.chat_template, templateFile: json };
  const templates = config?.chat_template ?? undefined;
  return templates === undefined
    ? { templates: {}, templateFile: undefined }
    : { templates, templateFile: join(folder, "tokenizer_config.json") };
}

/**
 * Reads what the files beside a folder's tokenizer.json say of special tokens and chat templates. None of them has to
 * be there.
 * @throws UserError naming a file that is malformed
 */
export function readTokenizerConfig(folder: string): TokenizerConfig {
  const config = readTokenizerJson(join(folder, "tokenizer_config.json"), Config);
  const map = readTokenizerJson(join(folder, "special_tokens_map.json"), Tokens);
  return {
    specialTokens: { ...known(map), ...known(config) },
    ...templatesOf(folder, config),
    addedIds: new Map(
      Object.entries(config?.added_tokens_decoder ?? {}).flatMap(([id, { content }]): [string, number][] =>
        /^\d{1,9}$/.test(id) ? [[content, Number(id)]] : [],
      ),
    ),
  };
}

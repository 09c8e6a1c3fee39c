import { dirname } from "node:path";
import * as z from "zod";
import type { ConfigFile } from "../configFile.ts";
import { endTokens } from "../generationConfig.ts";

/** Token ids of a config; old files have -1 for none. */
export const Token = z.number().int().max(10_000_000);

interface SpecialTokens {
  vocab_size: number;
  pad_token_id?: number | null | undefined;
}

/**
 * The tokens that end a generated text, from all files of the folder, and the token that fills rows that have ended.
 * @param usual the family's end token where no file names one
 */
export function specialTokens(
  file: ConfigFile,
  { vocab_size, pad_token_id }: SpecialTokens,
  usual?: number,
): { ends: number[]; pad: number } {
  const named = endTokens(dirname(file.path));
  const ends = named.length > 0 || usual === undefined ? named : [usual];
  const isRow = (id: number | null | undefined): id is number => id != null && id >= 0 && id < vocab_size;
  return { ends, pad: [pad_token_id, ...ends].find(isRow) ?? 0 };
}

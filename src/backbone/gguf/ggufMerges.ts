import { phrase } from "../../base/phrase.ts";
import type { GgufMetadata } from "./ggufMetadata.ts";
import { badValue, KEYS, type GgufVocabulary } from "./ggufVocabulary.ts";
import { PieceHashes } from "./pieceHashes.ts";

/** Two pieces that a BPE model joins. */
export type Merge = [left: string, right: string];

/** The most merges; Gemma 3 has 514,906. */
const MOST_MERGES = 2_000_000;
/** The longest token in UTF-16 units that is looked for in two parts; SentencePiece makes none of more than some 30. */
const LONGEST = 128;
const MERGES = `${KEYS}merges`;

/**
 * The merges that a file lists, each once; undefined where it lists none.
 * @throws UserError naming the file and the first merge that joins no tokens to a token
 */
export function listedMerges(metadata: GgufMetadata, { ids }: GgufVocabulary): Merge[] | undefined {
  const lines = metadata.texts(MERGES);
  if (lines === undefined) return undefined;
  if (lines.length > MOST_MERGES) throw badValue(metadata, MERGES, phrase`it has more than ${MOST_MERGES} merges`);
  // Of equal merges the first counts; the native code would take the last.
  return [...new Set(lines)].map((line) => {
    // The first piece may itself begin with a space.
    const space = line.indexOf(" ", 1);
    const [left, right] = [line.slice(0, Math.max(space, 0)), line.slice(space + 1)];
    if (space < 0 || !ids.has(left) || !ids.has(right) || !ids.has(left + right))
      throw badValue(metadata, MERGES, phrase`"${line.slice(0, 60)}" joins no two tokens to a token`);
    return [left, right];
  });
}

/** The ways to make a token of two others, by the ids of both. */
function waysTo(text: string, cuts: readonly number[], ids: ReadonlyMap<string, number>): Merge[] {
  const ways: { left: number; right: number; merge: Merge }[] = [];
  for (const at of cuts) {
    const merge: Merge = [text.slice(0, at), text.slice(at)];
    const [left, right] = [ids.get(merge[0]), ids.get(merge[1])];
    if (left !== undefined && right !== undefined) ways.push({ left, right, merge });
  }
  return ways.sort((a, b) => a.left - b.left || a.right - b.right).map(({ merge }) => merge);
}

/**
 * The merges that a SentencePiece vocabulary implies: each token of two others, the best first, as transformers finds
 * them. The time grows with the vocabulary times the length of its tokens.
 * @param order the ids of the tokens to be made, the best first
 * @param ids of all tokens
 * @throws UserError where there are more than any vocabulary has
 */
export function impliedMerges(
  { path, tokens }: Pick<GgufVocabulary, "path" | "tokens">,
  order: readonly number[],
  ids: ReadonlyMap<string, number>,
): Merge[] {
  const merges: Merge[] = [];
  const hashes = new PieceHashes(ids.keys(), LONGEST);
  for (const id of order) {
    const text = tokens[id]!;
    if (text.length > LONGEST) continue;
    for (const merge of waysTo(text, hashes.cuts(text), ids)) merges.push(merge);
    if (merges.length > MOST_MERGES)
      throw badValue({ path }, `${KEYS}tokens`, phrase`its tokens are made of each other in too many ways`);
  }
  return merges;
}

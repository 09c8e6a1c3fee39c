import protobuf from "protobufjs/minimal.js";

const NORMAL = 1;
export const UNKNOWN = 2;
const CONTROL = 3;
/** A piece: its text, its score, its type; a normal one where it is left out. */
export type Piece = [text: string, score: number, type?: number];
/** A small vocabulary. */
export const PIECES: Piece[] = [
  ["<pad>", 0, CONTROL],
  ["</s>", 0, CONTROL],
  ["<unk>", 0, UNKNOWN],
  ["▁", -2],
  ["a", -3],
  ["b", -3],
  ["▁ab", -1],
  ["<sep>", 0, 4],
];
/** A table that maps nothing: one block, whose root has no children. */
export const EMPTY_MAP = new Uint8Array(4 + 1024);
new DataView(EMPTY_MAP.buffer).setUint32(0, 1024, true);

/** The bytes of a spiece.model. */
export function spiece(
  pieces: readonly Piece[],
  { kind = 1, unknown = 2, map = EMPTY_MAP }: { kind?: number; unknown?: number; map?: Uint8Array } = {},
): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const [text, score, type = NORMAL] of pieces) {
    writer.uint32(10).fork().uint32(10).string(text).uint32(21).float(score);
    if (type !== NORMAL) writer.uint32(24).int32(type);
    // A field that nobody knows.
    writer.uint32(0x7a).string("x").ldelim();
  }
  writer.uint32(18).fork().uint32(24).int32(kind).uint32(320).int32(unknown).uint32(328).int32(-1).ldelim();
  writer.uint32(26).fork().uint32(10).string("made").uint32(18).bytes(map).ldelim();
  return writer.finish();
}

import protobuf from "protobufjs/minimal.js";
import { boundedBytes } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { phrase, verbatim, type Phrase } from "../../base/phrase.ts";

/** The largest file that is read, in bytes, and the most pieces; mT5's 250,100 pieces take 4.3 MB. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_PIECES = 2_000_000;

/** Fields of sentencepiece_model.proto. */
const MODEL = { pieces: 1, trainer: 2, normalizer: 3 } as const;
const PIECE = { piece: 1, score: 2, type: 3 } as const;
const TRAINER = { modelType: 3, unknown: 40 } as const;
const NORMALIZER = { charsMap: 2 } as const;
const UNIGRAM = 1;

/** Types of pieces. */
export const PIECE_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** A piece of a vocabulary with its log probability. */
export interface Piece {
  text: string;
  score: number;
  type: number;
}
/** A unigram model of SentencePiece, as its file has it. */
export interface SentencePieceModel {
  pieces: Piece[];
  /** The id of the piece for unknown text. */
  unknown: number;
  /** The normaliser's table; empty where it has none. */
  charsMap: Uint8Array;
}

/** Calls `take` for each field of a message; a field that it does not take is skipped. */
function eachField(reader: protobuf.Reader, end: number, take: (field: number, wire: number) => boolean): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!take(tag >>> 3, tag & 7)) reader.skipType(tag & 7);
  }
}

const WIRE = { varint: 0, bytes: 2, fixed32: 5 } as const;

function pieceOf(reader: protobuf.Reader): Piece {
  const piece: Piece = { text: "", score: 0, type: PIECE_TYPE.normal };
  const end = reader.uint32() + reader.pos;
  eachField(reader, end, (field, wire) => {
    if (field === PIECE.piece && wire === WIRE.bytes) piece.text = reader.string();
    else if (field === PIECE.score && wire === WIRE.fixed32) piece.score = reader.float();
    else if (field === PIECE.type && wire === WIRE.varint) piece.type = reader.int32();
    else return false;
    return true;
  });
  return piece;
}

function modelOf(bytes: Uint8Array): SentencePieceModel & { modelType: number } {
  const reader = protobuf.Reader.create(bytes);
  const model = { pieces: [] as Piece[], unknown: 0, charsMap: new Uint8Array(0), modelType: UNIGRAM };
  eachField(reader, bytes.length, (field, wire) => {
    if (wire !== WIRE.bytes) return false;
    if (field === MODEL.pieces) {
      model.pieces.push(pieceOf(reader));
      if (model.pieces.length > MOST_PIECES) throw new RangeError(`more than ${MOST_PIECES} pieces`);
      return true;
    }
    if (field !== MODEL.trainer && field !== MODEL.normalizer) return false;
    const end = reader.uint32() + reader.pos;
    eachField(reader, end, (inner, innerWire) => {
      if (field === MODEL.trainer && innerWire === WIRE.varint) {
        if (inner === TRAINER.modelType) model.modelType = reader.int32();
        else if (inner === TRAINER.unknown) model.unknown = reader.int32();
        else return false;
        return true;
      }
      if (field !== MODEL.normalizer || inner !== NORMALIZER.charsMap || innerWire !== WIRE.bytes) return false;
      model.charsMap = Uint8Array.from(reader.bytes());
      return true;
    });
    return true;
  });
  return model;
}

/**
 * Reads a unigram model of SentencePiece.
 * @throws UserError naming the file where it is damaged, or of another kind
 */
export function readSentencePiece(path: string): SentencePieceModel {
  const fail = (what: Phrase): never => {
    throw new UserError(
      "sentencepiece-malformed",
      phrase`${path} is no SentencePiece model that can be used: ${what}`,
      phrase`Download the file again, or give the model's tokenizer.json.`,
    );
  };
  let model: ReturnType<typeof modelOf>;
  try {
    model = modelOf(boundedBytes(path, MOST_BYTES));
  } catch (error) {
    if (error instanceof UserError) throw error;
    return fail(phrase`it is damaged (${verbatim((error as Error).message)})`);
  }
  const { pieces, modelType } = model;
  if (pieces.length === 0) return fail(phrase`it has no pieces`);
  if (modelType !== UNIGRAM) return fail(phrase`its kind is ${modelType}; a unigram model is needed`);
  if (pieces.some(({ score }) => !Number.isFinite(score))) return fail(phrase`a piece's score is no number`);
  const isUnknown = (id: number): boolean => pieces[id]?.type === PIECE_TYPE.unknown;
  const unknown = isUnknown(model.unknown) ? model.unknown : pieces.findIndex((_, id) => isUnknown(id));
  if (unknown < 0) return fail(phrase`it has no piece for unknown text`);
  return { pieces, unknown, charsMap: model.charsMap };
}

import type { Reader } from "./reader.ts";
import { CHAT_READERS } from "./readers/chatReaders.ts";
import { CHECKPOINT_READERS } from "./readers/checkpointReaders.ts";
import { DATA_READERS } from "./readers/dataReaders.ts";
import { EXPERIMENT_READERS } from "./readers/experimentReaders.ts";
import { GGUF_READERS } from "./readers/ggufReaders.ts";
import { MESSAGE_READERS } from "./readers/messageReaders.ts";
import { RUN_READERS } from "./readers/runReaders.ts";
import { PARQUET_READERS } from "./readers/parquetReaders.ts";
import { patternReader } from "./readers/patternReader.ts";
import { TEXT_READERS } from "./readers/textReaders.ts";
import { tokenizerFilesReader } from "./readers/tokenizerFilesReader.ts";
import { spieceReader, tokenizerPatternReader, tokenizerReader } from "./readers/tokenizerReader.ts";
import { TORCH_READERS } from "./readers/torchReaders.ts";
import { WEIGHT_READERS } from "./readers/weightReaders.ts";

/** All readers. */
export const READERS: readonly Reader[] = [
  ...WEIGHT_READERS,
  ...TORCH_READERS,
  ...GGUF_READERS,
  patternReader,
  ...CHECKPOINT_READERS,
  tokenizerReader,
  tokenizerPatternReader,
  spieceReader,
  tokenizerFilesReader,
  ...CHAT_READERS,
  ...EXPERIMENT_READERS,
  ...RUN_READERS,
  ...DATA_READERS,
  ...PARQUET_READERS,
  ...TEXT_READERS,
  ...MESSAGE_READERS,
];

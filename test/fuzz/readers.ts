import type { Reader } from "./reader.ts";
import { CHAT_READERS } from "./readers/chatReaders.ts";
import { CHECKPOINT_READERS } from "./readers/checkpointReaders.ts";
import { DATA_READERS } from "./readers/dataReaders.ts";
import { EXPERIMENT_READERS } from "./readers/experimentReaders.ts";
import { MESSAGE_READERS } from "./readers/messageReaders.ts";
import { RUN_READERS } from "./readers/runReaders.ts";
import { spieceReader, tokenizerReader } from "./readers/tokenizerReader.ts";
import { WEIGHT_READERS } from "./readers/weightReaders.ts";

/** All readers. */
export const READERS: readonly Reader[] = [
  ...WEIGHT_READERS,
  ...CHECKPOINT_READERS,
  tokenizerReader,
  spieceReader,
  ...CHAT_READERS,
  ...EXPERIMENT_READERS,
  ...RUN_READERS,
  ...DATA_READERS,
  ...MESSAGE_READERS,
];

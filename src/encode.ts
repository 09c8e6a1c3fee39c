import { serveEncoding } from "./training/data/encodeThread.ts";

// A thread that makes tokens of the rows of large data files.
serveEncoding();

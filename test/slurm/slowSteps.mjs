// Loaded into a worker before its own program: after each step that it notes in its journal it sleeps, as a larger model
// would compute. So a run takes the time that a test wants on any machine, and leaves the processor to other tests.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const milliseconds = Number(process.env["ADEPT_TEST_STEP"]);
const still = new Int32Array(new SharedArrayBuffer(4));
const { writeSync } = fs;
fs.writeSync = (fd, data, ...rest) => {
  const written = writeSync(fd, data, ...rest);
  if (Buffer.isBuffer(data) && data.includes('"type":"step"')) Atomics.wait(still, 0, 0, milliseconds);
  return written;
};
syncBuiltinESMExports();

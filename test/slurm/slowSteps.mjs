// Loaded into a worker before its own program: after each step that it notes in its journal it sleeps, as a larger
// model would compute. So a run takes the time that a test wants on any machine, and leaves the processor to other
// tests. It may also hold more memory with each step.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const milliseconds = Number(process.env["ADEPT_TEST_STEP"]);
const held = Number(process.env["ADEPT_TEST_HELD"] ?? 0) * 2 ** 20;
const kept = [];
const still = new Int32Array(new SharedArrayBuffer(4));
const { writeSync } = fs;
fs.writeSync = (fd, data, ...rest) => {
  const written = writeSync(fd, data, ...rest);
  if (Buffer.isBuffer(data) && data.includes('"type":"step"')) {
    Atomics.wait(still, 0, 0, milliseconds);
    if (held > 0) kept.push(Buffer.alloc(held, 1));
  }
  return written;
};
syncBuiltinESMExports();

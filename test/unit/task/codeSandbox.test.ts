import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CodeSandbox } from "../../../src/task/code/codeSandbox.ts";
import { passAtK } from "../../../src/task/metric/passAtK.ts";
import { PassRate } from "../../../src/task/code/passRate.ts";
import { UserError } from "../../../src/base/errors.ts";

const RIGHT = "def add(a, b):\n  return a + b";
const TESTS = ["assert add(1, 2) == 3", "assert add(-1, 1) == 0"];
const LIMITS = { seconds: 3, megabytes: 256 };
const refused = process.platform !== "linux" || !existsSync("/usr/bin/bwrap");

if (refused) {
  test("without bubblewrap no generated code is run, and the message says what to install", async () => {
    await assert.rejects(CodeSandbox.open(), (error) => error instanceof UserError && /bubblewrap/.test(error.message));
    await assert.rejects(new PassRate().of([{ programs: [RIGHT], tests: TESTS }]), UserError);
  });
} else {
  test("right code passes; wrong code, wrong syntax and a lack of tests do not; pass@1 is the share that passes", async () => {
    const sandbox = await CodeSandbox.open();
    assert.equal(await sandbox.passes(RIGHT, TESTS), true);
    for (const code of [RIGHT.replace("+", "-"), "def add(a, b:", "", "raise SystemExit(0)", "import math"])
      assert.equal(await sandbox.passes(code, TESTS), false, code);
    const rate = new PassRate(LIMITS);
    assert.deepEqual(
      await rate.of([
        { programs: [RIGHT], tests: TESTS },
        { programs: [""], tests: TESTS },
        { programs: [RIGHT], tests: [] },
        { programs: [`import math\n${RIGHT}`], tests: [...TESTS, "assert math.pi > 3"] },
      ]),
      { passAt1: 0.5 },
    );
  });

  test("pass@k is the mean chance that one of k drawn programs passes; a k that a case has too few programs for is left out", async () => {
    const ten = (right: number): string[] => Array.from({ length: 10 }, (_, i) => (i < right ? RIGHT : "wrong"));
    const rate = new PassRate(LIMITS);
    const found = await rate.of([
      { programs: ten(3), tests: TESTS },
      { programs: ten(0), tests: TESTS },
    ]);
    assert.deepEqual(found, { passAt1: passAtK(10, 3, 1) / 2, passAt10: 0.5 });
    assert.deepEqual(
      Object.keys(
        await rate.of([
          { programs: ten(1), tests: TESTS },
          { programs: [RIGHT], tests: TESTS },
        ]),
      ),
      ["passAt1"],
    );
  });

  test("exiting early, printing, and forging the sandbox's answer do not pass", async () => {
    const sandbox = await CodeSandbox.open();
    for (const code of [
      "import os\nos._exit(0)",
      "import sys\nsys.exit(0)",
      "import os\nos.write(3, b'passed')\nos._exit(0)",
      "print('passed' * 10**7)",
      "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
      "import atexit\natexit.register(print)",
    ]) {
      assert.equal(await sandbox.passes(code, TESTS, LIMITS), false, code);
    }
  });

  test("code cannot find the secret in any frame, name or object", async () => {
    const sandbox = await CodeSandbox.open();
    const search =
      "def hexes(x, depth=3):\n  if isinstance(x, bytes): x = x.decode('latin1')\n  if isinstance(x, str): return [x] if len(x) == 64 and set(x) <= set('0123456789abcdef') else []\n  if depth == 0: return []\n  if isinstance(x, dict): x = list(x.values())\n  return [h for y in x for h in hexes(y, depth - 1)] if isinstance(x, (list, tuple)) else []\n";
    const answer = "\nimport os\nfor h in found: os.write(3, h.encode()); os._exit(0)";
    for (const code of [
      "import sys, os\nos.write(3, sys._getframe(1).f_locals['payload']['secret'].encode())\nos._exit(0)",
      `${search}import sys\nfound, frame = [], sys._getframe()\nwhile frame:\n  found += hexes(dict(frame.f_locals)) + hexes(dict(frame.f_globals))\n  frame = frame.f_back${answer}`,
      `${search}import gc\nfound = [h for o in gc.get_objects() for h in hexes(o, 2)]${answer}`,
      `${search}import sys\nfound = hexes(vars(sys.modules['__main__']))${answer}`,
    ])
      assert.equal(await sandbox.passes(code, TESTS, LIMITS), false, code);
  });

  test("endless loops, memory hogs and floods of processes end within their limit", async () => {
    const sandbox = await CodeSandbox.open();
    for (const code of [
      "while True: pass",
      "import time\ntime.sleep(1000)",
      "x = [0] * 10**9",
      "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass",
      "import threading\nwhile True: threading.Thread(target=lambda: 1).start()",
    ]) {
      const from = Date.now();
      assert.equal(await sandbox.passes(code, TESTS, LIMITS), false, code);
      assert.ok(Date.now() - from < 2000 * LIMITS.seconds, `${code}: ${Date.now() - from} ms`);
    }
  });

  test("no process can be started, and none outside is visible", async () => {
    const sandbox = await CodeSandbox.open();
    assert.equal(
      await sandbox.passes(
        "import os\ntry:\n  os.fork()\n  forked = True\nexcept OSError:\n  forked = False",
        ["assert not forked"],
        LIMITS,
      ),
      true,
    );
    assert.equal(
      await sandbox.passes(
        "import os\nseen = [p for p in os.listdir('/proc') if p.isdigit()]",
        ["assert len(seen) <= 2, seen"],
        LIMITS,
      ),
      true,
    );
  });

  test("network, files, environment and this machine's services cannot be reached", async (t) => {
    const sandbox = await CodeSandbox.open();
    const folder = mkdtempSync(join(tmpdir(), "adept-outside-"));
    const file = join(folder, "mine.txt");
    let reached = false;
    const server = createServer((socket) => {
      reached = true;
      socket.destroy();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    t.after(() => {
      server.close();
      rmSync(folder, { recursive: true });
    });
    writeFileSync(file, "mine");
    const { port } = server.address() as { port: number };
    const connect = (host: string, to: number): string =>
      `import socket\ntry:\n  socket.create_connection(("${host}", ${to}), 1)\n  held = False\nexcept OSError:\n  held = True`;
    for (const code of [connect("127.0.0.1", port), connect("1.1.1.1", 80)])
      assert.equal(await sandbox.passes(code, ["assert held"], LIMITS), true, code);
    for (const path of [file, "/etc/passwd", "/root", "/home", process.cwd()])
      assert.equal(
        await sandbox.passes(`import os\nheld = not os.path.exists(${JSON.stringify(path)})`, ["assert held"], LIMITS),
        true,
        path,
      );
    assert.equal(
      await sandbox.passes(
        "try:\n  open('/usr/adept-was-here', 'w')\n  held = False\nexcept OSError:\n  held = True",
        ["assert held"],
        LIMITS,
      ),
      true,
    );
    assert.equal(
      await sandbox.passes(
        "try:\n  open('big', 'wb').write(b'x' * 10**8)\n  held = False\nexcept OSError:\n  held = True",
        ["assert held"],
        LIMITS,
      ),
      true,
    );
    assert.equal(
      await sandbox.passes(
        "import os\nheld = not any(k for k in os.environ if k not in ('PWD', 'LC_CTYPE'))",
        ["assert held"],
        LIMITS,
      ),
      true,
    );
    assert.deepEqual([reached, readFileSync(file, "utf8"), existsSync("/usr/adept-was-here")], [false, "mine", false]);
  });
}

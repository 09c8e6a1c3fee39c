import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FrameReader, frameStart, type Frame } from "../../../../src/engine/torch/frames.ts";
import { withTorch } from "../../../golden/engines.ts";

const SCRIPT = join(import.meta.dirname, "../../../../src/engine/torch/adept_torch.py");
const TOKEN = "<token>";
const ARGUMENTS = [TOKEN, "cpu", "1", "exact"];
/** Importing PyTorch takes seconds, many where all processors are busy. */
const PATIENCE = 120_000;
/** Runs the file where NumPy cannot be imported. */
const WITHOUT_NUMPY = `
import runpy, sys
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "numpy":
            raise ModuleNotFoundError("there is no NumPy", name=name)
sys.meta_path.insert(0, Refused())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
`;
/** Prints what the file imports that is not of the standard library. */
const IMPORTS = `
import ast, sys
names = set()
for node in ast.walk(ast.parse(open(sys.argv[1], encoding="utf-8").read())):
    if isinstance(node, ast.Import):
        names |= {each.name.split(".")[0] for each in node.names}
    if isinstance(node, ast.ImportFrom):
        names.add((node.module or "").split(".")[0])
print(",".join(sorted(names - set(sys.stdlib_module_names))))
`;

/** The file in a process of its own, and what it answers. */
class Started {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly reader = new FrameReader(TOKEN);
  private readonly answers: Frame[] = [];
  words = "";
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[]) {
    this.child = spawn(process.env["ADEPT_PYTHON"]!, ["-I", ...args], { timeout: PATIENCE });
    this.child.stdout.on("data", (chunk: Buffer) => this.answers.push(...this.reader.push(chunk)));
    this.child.stderr.on("data", (chunk: Buffer) => (this.words += chunk.toString()));
    this.child.stdin.on("error", () => undefined);
    this.ended = new Promise((resolve) => this.child.once("close", resolve));
  }

  send(header: unknown, data: Buffer = Buffer.alloc(0)): void {
    this.child.stdin.write(Buffer.concat([frameStart(header, [data]), data]));
  }
  write(bytes: Buffer): void {
    this.child.stdin.write(bytes);
  }
  end(): void {
    this.child.stdin.end();
  }

  /** @throws Error where the process ends first */
  async answer(): Promise<Frame> {
    let isOver = false;
    void this.ended.then(() => (isOver = true));
    while (this.answers.length === 0) {
      if (isOver) throw new Error(`it ended: ${this.words}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.answers.shift()!;
  }
  async errorOf(header: unknown, data?: Buffer): Promise<string> {
    this.send(header, data);
    return ((await this.answer()).header as { error: { message: string } }).error.message;
  }
}

const DOUBLE = 'def run(f, w, c):\n    return {"y": f["x"] * 2}\n';
const compile = (source: string, weights: object[] = []): object => ({
  call: "compile",
  source,
  weights,
  constants: [],
});
const form = (at: number, dims: number[]): object => ({ name: "x", type: "float32", at, dims });
const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

withTorch("the process of PyTorch", () => {
  test("a call that cannot be is answered by an error that says why, and the next is answered; no NumPy is needed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "adept-protocol-"));
    const started = new Started(["-c", WITHOUT_NUMPY, SCRIPT, ...ARGUMENTS]);
    try {
      assert.equal(((await started.answer()).header as { device: string }).device, "cpu");
      const file = join(folder, "weights.bin");
      writeFileSync(file, Buffer.alloc(16));
      const place = { name: "w", as: "float32", file, offset: 8, bytes: 16, dims: [4], type: "float32" };
      assert.match(await started.errorOf(compile(DOUBLE, [place])), /weights\.bin ends before byte 24/);
      assert.match(await started.errorOf(compile(DOUBLE, [{ ...place, offset: -8 }])), /weights\.bin/);
      assert.match(await started.errorOf(compile(DOUBLE, [{ ...place, file: `${file}x` }])), /No such file/);
      assert.match(await started.errorOf(compile("def run(")), /SyntaxError/);
      assert.match(await started.errorOf({ call: "dance" }), /there is no call 'dance'/);
      assert.match(await started.errorOf([1]), /TypeError/);
      started.send(compile(DOUBLE));
      const { program } = (await started.answer()).header as { program: number };
      const run = (at: number, dims: number[]): object => ({ call: "run", program, feeds: [form(at, dims)] });
      assert.match(await started.errorOf(run(0, [3]), floats(1, 2)), /x is longer than its frame/);
      assert.match(await started.errorOf(run(0, [2]), floats(1, 2, 3, 4)), /has 16 bytes, its tensors end at 8/);
      assert.match(await started.errorOf(run(-4, [2]), floats(1, 2)), /offset/);
      assert.match(await started.errorOf({ ...run(0, [2]), program: 99 }, floats(1, 2)), /KeyError: 99/);
      started.send(run(0, [2]), floats(1.5, -2));
      assert.deepEqual([...new Float32Array(new Uint8Array((await started.answer()).data).buffer)], [3, -4]);
    } finally {
      started.end();
      rmSync(folder, { recursive: true, force: true });
    }
    assert.equal(await started.ended, 0);
  });

  test("it ends where its input ends, before the first call and within a frame, and where that is no frame", async () => {
    const cut = frameStart({ call: "memory" }, []);
    const cases: readonly [Buffer, number, RegExp][] = [
      [Buffer.alloc(0), 0, /^$/],
      [cut.subarray(0, -3), 0, /^$/],
      [Buffer.from("this is no frame but a text"), 1, /the input is not a frame/],
      [Buffer.concat([cut.subarray(0, -1), Buffer.from("?")]), 1, /JSONDecodeError/],
    ];
    for (const [bytes, code, words] of cases) {
      const started = new Started([SCRIPT, ...ARGUMENTS]);
      started.write(bytes);
      started.end();
      assert.equal(await started.ended, code, started.words);
      assert.match(started.words.trim(), words);
    }
  });

  test("it imports the standard library and torch alone", () => {
    const { stdout, stderr } = spawnSync(process.env["ADEPT_PYTHON"]!, ["-I", "-c", IMPORTS, SCRIPT], {
      encoding: "utf8",
    });
    assert.equal(stdout.trim(), "torch", stderr);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  shapeText,
  sizeText,
  TorchSource,
  type LineForm,
  type Variable,
} from "../../../../src/engine/torch/torchSource.ts";

const F32 = { type: "float32" } as const;
/** An operation on each element, which may take the place of any of its operands. */
const inPlace = (count: number): LineForm => ({
  ...F32,
  over: Array.from({ length: count }, (_, arg) => ({
    arg,
    text: (...names: string[]) => `over(${names.join(", ")}; ${arg})`,
  })),
});
const call =
  (name: string) =>
  (...args: string[]): string =>
    `${name}(${args.join(", ")})`;

/** A source with its feed and the operations of these tests. */
function begun() {
  const source = new TorchSource();
  const feed = source.outside("f", "float32");
  return {
    source,
    feed,
    make: (...args: Variable[]) => source.line(args, call("new"), F32),
    view: (x: Variable) => source.line([x], call("view"), { ...F32, views: 0 }),
    each: (...args: Variable[]) => source.line(args, call("each"), inPlace(args.length)),
    linesOf: (results: Record<string, Variable>): string[] =>
      source
        .text(results, [])
        .trim()
        .split("\n")
        .slice(1)
        .map((each) => each.trim()),
  };
}

test("a variable is deleted after its last reader, one that nobody reads at once, and what is returned never", () => {
  const { feed, make, linesOf } = begun();
  const a = make(feed);
  const b = make(a, a);
  const unread = make(b);
  const c = make(a, b);
  assert.equal(unread.name, "v3");
  assert.deepEqual(linesOf({ b, c }), [
    "v1 = new(f)",
    "v2 = new(v1, v1)",
    "v3 = new(v2); del v3",
    "v4 = new(v1, v2); del v1",
    'return {"b": v2, "c": v4}',
  ]);
});

test("an operation takes the place of an operand that nothing reads later, of the first that can", () => {
  const { feed, make, each, linesOf } = begun();
  const [a, b] = [make(feed), make(feed)];
  const c = each(a, b);
  const d = each(b, c);
  // `a` is free at the first line, `b` at the second, since the first is its reader but not its last.
  assert.deepEqual(linesOf({ d }).slice(2), [
    "v3 = over(v1, v2; 0); del v1",
    "v4 = over(v2, v3; 0); del v2, v3",
    'return {"d": v4}',
  ]);
});

test("an operand that is read later, returned, or from outside is never overwritten", () => {
  const { source, feed, make, each, linesOf } = begun();
  const constant = source.outside('c["0"]', "float32");
  const [a, b] = [make(feed), make(feed)];
  const results = { first: each(a), second: make(a), third: each(b), b, fed: each(feed), known: each(constant) };
  const text = linesOf(results).join("\n");
  assert.ok(!text.includes("over"), text);
});

test("a view keeps its base's storage: neither is overwritten while the other is read", () => {
  for (const isBaseLater of [true, false]) {
    const { feed, make, view, each, linesOf } = begun();
    const base = make(feed);
    const other = view(view(base));
    const first = each(isBaseLater ? other : base);
    const last = each(isBaseLater ? base : other);
    const lines = linesOf({ first, last });
    assert.ok(
      lines.some((line) => line.startsWith("v4 = each(")),
      lines.join("\n"),
    );
    // With its last reader the storage is free, by whichever name it is read.
    assert.ok(
      lines.some((line) => line.startsWith("v5 = over(")),
      lines.join("\n"),
    );
  }
  const { feed, view, each, linesOf } = begun();
  assert.ok(
    !linesOf({ x: each(view(feed)) })
      .join()
      .includes("over"),
    "a view of a feed is the caller's",
  );
});

test("a view that is returned keeps its base", () => {
  const { feed, make, view, each, linesOf } = begun();
  const base = make(feed);
  const kept = view(base);
  assert.deepEqual(linesOf({ kept, sum: each(base) }), [
    "v1 = new(f)",
    "v2 = view(v1)",
    "v3 = each(v1); del v1",
    'return {"kept": v2, "sum": v3}',
  ]);
});

test("two operands in one storage are not overwritten by one another", () => {
  const { feed, make, view, each, linesOf } = begun();
  const base = make(feed);
  const turned = view(base);
  assert.ok(linesOf({ x: each(base, turned) }).includes("v3 = each(v1, v2); del v1, v2"));
});

test("what was overwritten lives on under the result's name, and may be overwritten again", () => {
  const { feed, make, view, each, linesOf } = begun();
  const a = make(feed);
  const b = each(a);
  const turned = view(b);
  const c = each(b);
  const d = each(c, turned);
  assert.deepEqual(linesOf({ d }), [
    "v1 = new(f)",
    "v2 = over(v1; 0); del v1",
    "v3 = view(v2)",
    "v4 = each(v2); del v2",
    "v5 = over(v4, v3; 0); del v4, v3",
    'return {"d": v5}',
  ]);
});

test("a broadcast view is not written to, nor is one of it", () => {
  const { source, feed, make, view, each, linesOf } = begun();
  const wide = source.line([make(feed)], call("expand"), { ...F32, views: 0, isDense: false });
  const x = each(view(wide));
  assert.equal(wide.isDense, false);
  assert.equal(x.isDense, true);
  const y = each(x);
  const lines = linesOf({ y });
  assert.ok(
    lines.some((line) => line.startsWith("v4 = each(v3)")),
    lines.join("\n"),
  );
  assert.ok(
    lines.some((line) => line.startsWith("v5 = over(v4")),
    lines.join("\n"),
  );
});

test("an operand of another type is not overwritten", () => {
  const { source, feed, each, linesOf } = begun();
  const narrow = source.line([feed], call("new"), { type: "bfloat16" });
  const wide = source.line([narrow], call("wide"), inPlace(1));
  assert.ok(linesOf({ wide }).some((line) => line.startsWith("v2 = wide(v1)")));
  assert.equal(each(narrow).type, "float32");
});

test("what an operation retains is read as long as any part of its result is", () => {
  const { source, feed, make, view, each, linesOf } = begun();
  const query = make(feed);
  const both = source.line([query], call("retaining"), { ...F32, retains: true });
  // A second one keeps the first one's result, and so, through it, the query.
  const again = source.line([view(both)], call("retaining"), { ...F32, retains: true });
  const early = each(query);
  const gradient = make(again);
  const late = each(make(gradient));
  const lines = linesOf({ early, late });
  assert.ok(lines.includes("v5 = each(v1); del v1"), lines.join("\n"));
  // Without the gradient nothing reads the contexts when `early` is computed.
  const plain = begun();
  const own = plain.make(plain.feed);
  const result = plain.source.line([own], call("retaining"), { ...F32, retains: true });
  const read = plain.make(result);
  assert.ok(plain.linesOf({ read, early: plain.each(own) }).includes("v4 = over(v1; 0); del v1"));
});

test("a conversion is made once, and none where the type is right", () => {
  const { source, make, feed, linesOf } = begun();
  const a = make(feed);
  const narrow = source.as(a, "bfloat16");
  assert.equal(source.as(a, "float32"), a);
  assert.equal(source.as(a, "bfloat16"), narrow);
  assert.deepEqual(linesOf({ narrow }), ["v1 = new(f)", "v2 = v1.to(torch.bfloat16); del v1", 'return {"narrow": v2}']);
});

test("sizes are Python expressions of the symbols' sizes", () => {
  assert.deepEqual(["B", "P+S", "B+2", "32*B*T", "3*B+2"].map(sizeText), [
    "n_B",
    "(n_P + n_S)",
    "(n_B + 2)",
    "32 * n_B * n_T",
    "3 * (n_B + 2)",
  ]);
  assert.deepEqual([shapeText([]), shapeText([7]), shapeText(["B", 2])], ["()", "(7, )", "(n_B, 2, )"]);
});

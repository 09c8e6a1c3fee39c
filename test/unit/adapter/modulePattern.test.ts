import assert from "node:assert/strict";
import { test } from "node:test";
import { MersenneTwister } from "../../../src/base/random.ts";
import { layerOf, layersBehind, endMatcher, matchesWhole } from "../../../src/method/peft/modulePattern.ts";
import { parsePattern, PatternUnreadable } from "../../../src/method/peft/parsePattern.ts";
import { PatternTooCostly } from "../../../src/method/peft/patternNode.ts";

const budget = () => ({ left: 1_000_000 });
const whole = (pattern: string, name: string): boolean => matchesWhole(parsePattern(pattern), name, budget());
const end = (pattern: string, name: string): boolean => endMatcher(parsePattern(pattern), budget())(name);

/** A random pattern of what Python and JavaScript write alike. */
function randomPattern(random: MersenneTwister, depth: number): string {
  const one = <Item>(items: readonly Item[]): Item => items[Math.floor(random.uniform() * items.length)]!;
  const atom = (): string => {
    const inner = (): string => randomPattern(random, depth - 1);
    const kind = depth > 0 ? one([0, 1, 2, 3, 4, 5]) : 0;
    if (kind === 1) return `(${inner()}|${inner()})`;
    if (kind === 2) return `(?:${inner()})${one(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?"])}`;
    if (kind === 3) return `(?${one(["=", "!", "<=", "<!"])}${inner()})`;
    return one([
      "a",
      "b",
      ".",
      "\\.",
      "[ab]",
      "[^a]",
      "[a-c.]",
      "\\w",
      "\\d",
      "\\b",
      "^",
      "$",
      "a*",
      "b+?",
      "[]a]".slice(1),
    ]);
  };
  return Array.from({ length: 1 + Math.floor(random.uniform() * 3) }, atom).join("");
}

test("random patterns match what JavaScript's engine matches", () => {
  const random = new MersenneTwister(11);
  let matched = 0;
  for (let round = 0; round < 6000; round++) {
    const pattern = randomPattern(random, 3);
    const name = Array.from(
      { length: Math.floor(random.uniform() * 7) },
      () => "abc.1"[Math.floor(random.uniform() * 5)],
    ).join("");
    let expected: boolean;
    try {
      expected = new RegExp(`^(?:${pattern})$`).test(name);
    } catch {
      continue;
    }
    matched += expected ? 1 : 0;
    assert.equal(whole(pattern, name), expected, `${pattern} on ${name}`);
  }
  assert.ok(matched > 300, `${matched}`);
});

test("patterns of published adapters match the modules that PEFT changes", () => {
  const key = "model.language_model.layers.10.self_attn.q_proj";
  assert.ok(whole("^(?!.*vision).*(?:q_proj|v_proj)$", key));
  assert.ok(!whole("^(?!.*language).*(?:q_proj|v_proj)$", key));
  assert.ok(whole(".*\\.layers\\.(?P<idx>[0-9]|1\\d)\\.self_attn\\.[qk]_proj", key));
  assert.ok(!whole(".*layers\\.1\\.", key));
  assert.ok(!whole("q_proj", key), "the whole name, not an end of it");
  assert.ok(whole("[]a-c\\]^-]+", "]a^-"));
  assert.ok(whole("a{,2}b{1,2}{", "aab{"));
});

test("a pattern of ranks matches from the start or from a dot to the end", () => {
  assert.ok(end("q_proj", "layers.1.q_proj"));
  assert.ok(!end("proj", "layers.1.q_proj"));
  assert.ok(end("^layers.1.q_proj", "layers.1.q_proj"));
  assert.ok(!end("^1.q_proj", "layers.1.q_proj"));
  assert.ok(end("layers.1.q_proj", "layers.1.q_proj"));
  assert.ok(!end("layers.1.q_proj", "layers.11.q_proj"));
  assert.ok(end("1|q", "a.q"), "a choice is a group of its own");
});

test("the number of a layer is the first number behind two parts of the name, or behind the named list", () => {
  assert.equal(layerOf("transformer.h.12.attn.c_attn"), 12);
  assert.equal(layerOf("encoder.block.3.layer.0.SelfAttention.q"), 3);
  assert.equal(layerOf("h.3.attn"), undefined);
  assert.equal(layerOf("lm_head"), undefined);
  const behind = (pattern: string, name: string): number[] => [...layersBehind(parsePattern(pattern), name, budget())];
  assert.deepEqual(behind("layer", "encoder.block.3.layer.0.SelfAttention.q"), [0]);
  assert.deepEqual(behind("block", "encoder.block.3.layer.0.SelfAttention.q"), [3]);
  assert.deepEqual(behind("h", "h.3.attn"), [3]);
  assert.deepEqual(behind("lock", "encoder.block.3.layer.0.SelfAttention.q"), []);
  assert.deepEqual(behind(".*", "encoder.block.3.layer.0.SelfAttention.q"), [3, 0]);
});

test("what Python's engine refuses, or what is not read, is refused", () => {
  for (const pattern of [
    "(a",
    "a)",
    "[a",
    "*a",
    "a**",
    "a*+",
    "a{2}{3}",
    "{2}",
    "(a)\\1",
    "(?P=x)",
    "(?i)a",
    "(?>a)",
    "\\x41",
    "\\q",
    "a{3,2}",
    "^*",
    "[b-a]",
    "a\\",
    "(".repeat(60),
    "a".repeat(5000),
    "a{2000}",
  ])
    assert.throws(() => parsePattern(pattern), PatternUnreadable, pattern);
});

test("a hostile pattern ends at its limit of work", () => {
  const name = "a".repeat(60);
  const start = performance.now();
  assert.ok(!whole("(((a*)*)*)*b", name), "without backtracking");
  assert.throws(() => whole("(((a?){1000}){1000}){1000}b", name), PatternTooCostly);
  assert.throws(() => whole(`${"(?=.*".repeat(20)}${"a*".repeat(200)}b${")".repeat(20)}`, name), PatternTooCostly);
  assert.ok(performance.now() - start < 5000);
});

/** A change that breaks one term of a formula, and the tests that must fail for it. */
export interface Mutant {
  /** The name of what is broken. */
  of: string;
  file: string;
  /** Text that occurs exactly once in the file. */
  from: string;
  /** What replaces it. */
  to: string;
  /** The test file that must notice. */
  tests: string;
}

const METHODS = "test/golden/methods.test.ts";
const STEPS = "test/golden/steps.test.ts";
const TFJS = "test/unit/engine/tfjs.test.ts";
const PROPERTIES = "test/unit/analysis/positionProperties.test.ts";
const property = (of: string, file: string, from: string, to: string): Mutant => ({
  of,
  file: `src/${file}.ts`,
  from,
  to,
  tests: PROPERTIES,
});
const dora = (of: string, from: string, to: string): Mutant => ({
  of: `dora: ${of}`,
  file: "src/method/dora.ts",
  from,
  to,
  tests: "test/unit/adapter/doraFold.test.ts",
});
const method = (of: string, file: string, from: string, to: string): Mutant => ({
  of,
  file: `src/method/${file}.ts`,
  from,
  to,
  tests: METHODS,
});

/** A mutant of the engine on TensorFlow.js that the tests of methods notice. */
const tfjsMethod = (of: string, file: string, from: string, to: string): Mutant => ({
  of: `tfjs: ${of}`,
  file: `src/engine/tfjs/${file}.ts`,
  from,
  to,
  tests: METHODS,
});
/** A mutant of the engine on TensorFlow.js that the engine's own tests notice. */
const tfjs = (of: string, file: string, from: string, to: string): Mutant => ({
  ...tfjsMethod(of, file, from, to),
  tests: TFJS,
});

export const MUTANTS: Mutant[] = [
  property(
    "planted: a position term in ADePT",
    "model/methodGraph",
    "return this.method.embed?.(embedded, context) ?? embedded;",
    'return this.tensors.spec.kind === "adept" ? add(this.method.embed!(embedded, context), gather(this.sequence.table, places)) : this.method.embed?.(embedded, context) ?? embedded;',
  ),
  property(
    "planted: an offset on the prompt",
    "model/methodGraph",
    "? (this.method.prompt?.(this.tensors) ?? this.parameter(PROMPT))",
    '? ((trained: Value): Value => this.tensors.spec.kind === "adept" && this.tensors.spec.variant === "standard" ? reshape(this.method.embed!(reshape(trained, [1, "P", this.tensors.layout.width]), { ...this.tensors, ids: this.sequence.tokens.ids, positions: this.sequence.tokens.places, hiddenMask: undefined }), ["P", this.tensors.layout.width]) : trained)(this.method.prompt?.(this.tensors) ?? this.parameter(PROMPT))',
  ),
  property(
    "planted: no mask on padding",
    "backbone/t5/t5Feeds",
    "scores[row * length + prompt + i] = MASKED;",
    "scores[row * length + prompt + i] = 0;",
  ),
  property(
    "planted: no mask on padding of an altered input",
    "model/localModel",
    "return { ...feeds, inputEmbeddings:",
    "return { ...feeds, mask: tensor(new Float32Array(batch.rows * batch.sourceLength), batch.rows, batch.sourceLength), inputEmbeddings:",
  ),
  property(
    "planted: a scale on the offset",
    "method/adept/adept",
    "const own = add(embedded, ffnOffset(embedded, context));",
    "const own = add(add(embedded, ffnOffset(embedded, context)), ffnOffset(embedded, context));",
  ),
  property(
    "analysis: the shift of the table's rows",
    "analysis/subject/alteredInput",
    "(layout === undefined ? 0 : shift)",
    '(layout === "reindex" ? 0 : shift)',
  ),
  property(
    "analysis: KL against the unshifted",
    "analysis/shift/shiftMeasures",
    "const apart = logSumExp(other) - total;",
    "const apart = 0;",
  ),
  property(
    "analysis: shuffled places",
    "analysis/specificity/specificityCases",
    "return permutation(own.length, mixSeed(draw, ...own));",
    "return Int32Array.from({ length: own.length }, (__, i) => i);",
  ),
  method("adept: + b1", "adept/ffn", 'add(product, p("b_down"))', 'sub(product, p("b_down"))'),
  method("adept: ReLU", "adept/ffn", ": relu(kept);", ": kept;"),
  method("adept: + b2", "adept/ffn", 'biased ? add(offset, p("b_up")) : offset', "offset"),
  method(
    "adept: E + offset",
    "adept/adept",
    "const own = add(embedded, ffnOffset(embedded, context));",
    "const own = sub(embedded, ffnOffset(embedded, context));",
  ),
  method("adept: dropout before ReLU is scaled", "adept/ffn", "mul(before, hiddenMask)", "before"),
  method("adept linear: no ReLU", "adept/ffn", 'spec.variant === "linear" ? kept : relu(kept)', "relu(kept)"),
  method("adept constant: + vector", "adept/adept", 'add(embedded, parameter("constant"))', "embedded"),
  method(
    "adept deep: + b_mid",
    "adept/ffn",
    'add(matmul(active, p("w_mid")), p("b_mid"))',
    'matmul(active, p("w_mid"))',
  ),
  method("adept deep: layer norm's epsilon", "adept/ffn", "LAYER_NORM_EPSILON = 1e-12", "LAYER_NORM_EPSILON = 1e-2"),
  method("adept hybrid: DePT's scale", "adept/adept", "officialScale(rank(spec))", "1"),
  {
    of: "prompt gets no offset",
    file: "src/model/methodGraph.ts",
    from: "? (this.method.prompt?.(this.tensors) ?? this.parameter(PROMPT))",
    to: "? add(this.method.prompt?.(this.tensors) ?? this.parameter(PROMPT), this.parameter(PROMPT))",
    tests: METHODS,
  },
  method("dept: c = 8 / sqrt(r)", "positionTable", "8 / Math.sqrt(rank)", "8 / rank"),
  method(
    "dept: a b by position",
    "positionTable",
    "gather(factors.a, positions)",
    "gather(factors.a, mul(positions, positions))",
  ),
  method(
    "mpt: u v^T",
    "mpt",
    'reshape(parameter("u"), ["P", 1])',
    'mul(reshape(parameter("u"), ["P", 1]), reshape(parameter("u"), ["P", 1]))',
  ),
  method("lora: alpha / r", "lora", "?? spec.alpha) / r }", "?? spec.alpha) }"),
  method("lora: + B A x", "lora", "return add(y, update)", "return sub(y, update)"),
  dora("W + s B A in the norm", "mul(scalar(2 * scale), mixed)", "mixed"),
  dora("B A in the norm", "mul(scalar(scale * scale), change)", "change"),
  dora("m / norm", "div(magnitude, rowNorms", "mul(magnitude, rowNorms"),
  method("ia3: keys and values", "ia3", "? mul(y, reshape(", "? add(y, reshape("),
  method("ia3: input of the feed-forward's last layer", "ia3", "? mul(x, parameter(", "? add(x, parameter("),
  method("adapter: residual z +", "adapter", "return add(z, add(matmul(active", "return add(active, add(matmul(active"),
  method(
    "adapter: activation",
    "adapter",
    'spec.activation === "relu" ? relu(hidden) : geluTanh(hidden)',
    "relu(hidden)",
  ),
  method("adapter: not on cross-attention", "adapter", 'kind !== "cross" || cross', "true"),
  method(
    "bitfit: + bias of linear layers",
    "bitfit",
    "linearOutput: (y, _, module) => add(y, parameter(`${module}.bias`))",
    "linearOutput: (y) => y",
  ),
  method(
    "bitfit: + bias of norms",
    "bitfit",
    "normOutput: (y, module) => add(y, parameter(`${module}.bias`))",
    "normOutput: (y, module) => sub(y, parameter(`${module}.bias`))",
  ),
  method(
    "full: its own weights",
    "full",
    "weight: (name) => parameter(name)",
    "weight: (name) => mul(parameter(name), parameter(name))",
  ),
  tfjsMethod(
    "padding has no loss",
    "tfLowering",
    "return multiply(pass(negate(picked)), valid(labels, run));",
    "return negate(picked);",
  ),
  tfjsMethod("padding has no gradient", "tfLowering", "pass(multiply(inputs[2]!, valid(labels, run)))", "inputs[2]!"),
  tfjs(
    "a row of several ids is their sum",
    "tfLowering",
    'tf.call("UnsortedSegmentSum")',
    'tf.call("UnsortedSegmentMax")',
  ),
  tfjs("tensors go at their last use", "tfProgram", "live.get(gone)!.dispose();", ""),
  tfjs("what an operation makes on its way goes", "tfRun", "for (const tensor of this.passing) tensor.dispose();", ""),
  tfjs("weights go with their last program", "sharedWeights", "if (--entry.users > 0) return;", "return;"),
  tfjs("weights stay for the other program", "sharedWeights", "if (--entry.users > 0) return;", ""),
  {
    of: "AdamW: eps after bias correction",
    file: "src/training/optimiser/adamw.ts",
    from: "(Math.sqrt(v[i]!) / root + c.settings.eps)",
    to: "((Math.sqrt(v[i]!) + c.settings.eps) / root)",
    tests: STEPS,
  },
  {
    of: "schedule: warm-up",
    file: "src/training/optimiser/schedule.ts",
    from: "return step / warmup;",
    to: "return (step + 1) / warmup;",
    tests: STEPS,
  },
];

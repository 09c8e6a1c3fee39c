import type { BackboneWeights } from "../backbone/files/weights.ts";
import type { CompileOptions, Engine } from "../engine/engine.ts";
import type { Program, WeightLocation } from "../engine/program.ts";
import { fixInput } from "../graph/fixInput.ts";
import { inVocabularyParts } from "../graph/vocabularyParts.ts";
import { topological, type ConstantValue, type Value } from "../graph/value.ts";
import { narrowParts, placeOf } from "./headParts.ts";

/** A program's name with the names of the variants that are switched on. */
export const programName = (program: string, variants: Readonly<Record<string, boolean>>): string =>
  [program, ...Object.keys(variants).filter((variant) => variants[variant])].join("+");

/** The locations of all weights that the outputs depend on. */
function locations(outputs: Record<string, Value>, weights: BackboneWeights): Map<string, WeightLocation> {
  const used = topological(Object.values(outputs)).flatMap((v) => (v.kind === "weight" ? [v] : []));
  return new Map(used.map((v) => [v.name, placeOf(v, weights)]));
}

/** How programs differ from their graphs. */
export interface ProgramOptions {
  /** Replaces the input of that name by a constant, where feeding it would copy it at every call. */
  foldedTable: ConstantValue | undefined;
  /** Whether large heads that are stored in fewer bytes are read in parts. */
  headInParts: boolean;
}

/** The programs of one model, each compiled when it is first needed. */
export class Programs {
  private readonly compiled = new Map<string, Promise<Program>>();

  constructor(
    private readonly engine: Engine,
    private readonly options: ProgramOptions,
  ) {}

  /**
   * The program of a name, compiled at the first call.
   * @param name equal names mean equal outputs and weights
   */
  get(
    name: string,
    outputs: () => Record<string, Value>,
    weights: BackboneWeights,
    options: CompileOptions = {},
  ): Promise<Program> {
    let program = this.compiled.get(name);
    if (program === undefined) {
      const { foldedTable, headInParts } = this.options;
      const fixed = foldedTable === undefined ? outputs() : fixInput(outputs(), "foldedTable", foldedTable);
      const values = headInParts ? inVocabularyParts(fixed, narrowParts(weights)) : fixed;
      program = this.engine.compile(values, locations(values, weights), options);
      this.compiled.set(name, program);
    }
    return program;
  }

  async release(): Promise<void> {
    const programs = [...this.compiled.values()];
    this.compiled.clear();
    for (const program of programs) await (await program).release();
  }
}

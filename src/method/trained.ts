import type { Budget } from "./options.ts";
import type { Parameters } from "./parameters.ts";

/** The options that every method has in an experiment file. */
export interface AnySpec {
  kind: string;
  source?: string | undefined;
  budget?: Budget | undefined;
}

/** Sizes by the names that a method gives them, such as promptLength, bottleneck or rank. */
export type Sizes<Name extends string = string> = Readonly<Record<Name, number>>;
/** Sizes of a method that is not known statically; those that it lacks are undefined. */
export type AnySizes = Readonly<Partial<Record<string, number>>>;

/** A trained method: its options, its sizes and the values of its tensors. */
export interface Trained<Spec = AnySpec, Named = AnySizes> {
  spec: Spec;
  sizes: Named;
  parameters: Parameters;
}

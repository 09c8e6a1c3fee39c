import * as z from "zod";
import type { BackboneLayout } from "../backbone/layout.ts";
import type { AnySizes } from "../method/trained.ts";
import type { PeftReading } from "../method/peftForm.ts";
import type { MethodSpec } from "../method/methodSpec.ts";
import { METHODS, methodOf } from "../method/registry.ts";

type Configs<Methods extends readonly { peft: { config: unknown } }[]> = {
  [At in keyof Methods]: Methods[At]["peft"]["config"];
};
// Array.map forgets which schema stands at which place.
const CONFIGS = METHODS.map(({ peft }) => peft.config) as unknown as Configs<typeof METHODS>;

/**
 * adapter_config.json of any method: PEFT's own types, and ADePT Lab's types for methods that PEFT lacks or stores in
 * another form.
 */
export const AdapterConfig = z.discriminatedUnion("peft_type", CONFIGS);
export type AdapterConfig = z.output<typeof AdapterConfig>;

/** PEFT's name for what a model of this layout does. */
export const taskType = ({ isCausal }: BackboneLayout): string => (isCausal ? "CAUSAL_LM" : "SEQ_2_SEQ_LM");

/** The content of adapter_config.json for an adapter. */
export function toConfig(
  spec: MethodSpec,
  sizes: AnySizes,
  { backbone, layout }: { backbone: string; layout: BackboneLayout },
): Record<string, unknown> {
  const shared = { base_model_name_or_path: backbone, task_type: taskType(layout), inference_mode: true };
  return methodOf(spec.kind).peft.write(spec, sizes, { shared, layout });
}

/**
 * The method and the sizes that a parsed adapter_config.json describes.
 * @throws UserError naming a key that cannot be applied, its value, and what to do
 */
export function fromConfig(config: AdapterConfig, place: PeftReading): { spec: MethodSpec; sizes: AnySizes } {
  const method = METHODS.find(({ peft }) => peft.config.shape.peft_type.values.has(config.peft_type));
  if (method === undefined) throw new Error(`there is no method of the type ${config.peft_type}`);
  return method.peft.read(config, place);
}

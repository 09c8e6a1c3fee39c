import * as z from "zod";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import type { ConfigFile } from "./configFile.ts";

/** How transformers describes weights that were stored in fewer bits, by whatever library. */
const Quantised = z.object({
  quantization_config: z.object({
    quant_method: z.string().max(100).optional(),
    bits: z.number().optional(),
    load_in_4bit: z.boolean().optional(),
    load_in_8bit: z.boolean().optional(),
  }),
});
type Config = z.infer<typeof Quantised>["quantization_config"];

/** Names of libraries, as their users write them. */
const NAMES: Readonly<Record<string, string>> = {
  bitsandbytes: "bitsandbytes",
  gptq: "GPTQ",
  awq: "AWQ",
};

function bitsOf({ bits, load_in_4bit: four, load_in_8bit: eight }: Config): number | undefined {
  if (bits !== undefined) return bits;
  if (four === true) return 4;
  return eight === true ? 8 : undefined;
}

/**
 * Refuses a model whose weights were quantised by another library: its tensors are packed in that library's way.
 * @throws UserError with the way out
 */
export function refuseQuantised({ path, json }: ConfigFile): void {
  const parsed = Quantised.safeParse(json);
  if (!parsed.success) return;
  const config = parsed.data.quantization_config;
  const method = config.quant_method ?? "bitsandbytes";
  const name = NAMES[method] ?? method;
  const bits = bitsOf(config);
  throw new UserError(
    "backbone-quantised",
    bits === undefined
      ? phrase`${path}: the weights are quantised by ${name}, which is not supported`
      : phrase`${path}: the weights are quantised to ${bits} bits by ${name}, which is not supported`,
    phrase`Download the model that it was made from, whose weights are fp32, fp16 or bf16. To need less memory, write "precision": "int8" in the experiment.`,
  );
}

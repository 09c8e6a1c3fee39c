import * as z from "zod";
import type { BackboneLayout } from "../backbone/layout.ts";
import type { AnySizes, AnySpec } from "./trained.ts";

/** The fields of adapter_config.json that all methods share. */
export interface PeftShared {
  base_model_name_or_path: string;
  task_type: string;
  inference_mode: boolean;
}

/** How a method's adapter is written in PEFT's folder layout. */
export interface PeftForm<Spec = AnySpec, Named = AnySizes> {
  /** Schema of adapter_config.json, discriminated by `peft_type`. */
  readonly config: z.ZodObject<{ peft_type: z.ZodLiteral<string> }>;
  /** @param context the backbone's layout, and the fields that all methods share */
  write(spec: Spec, sizes: Named, context: { shared: PeftShared; layout: BackboneLayout }): Record<string, unknown>;
  /** @param config parsed by the schema above */
  read(config: unknown): { spec: Spec; sizes: Named };
  /** A tensor's name in the file. */
  storedName(name: string): string;
}

/** PEFT's prefix of tensors inside the backbone. */
export const insideBackbone = (name: string): string => `base_model.model.${name}`;

// Schemas of fields in PEFT's files. Values that another program may have written and this one cannot apply are
// refused.

export const size = z.number().int().nonnegative().max(10_000_000);
export const layerNames = z.array(z.string().min(1).max(200), "a list of layer names is needed").max(1000);
export const notRead = z.literal(false, "this option of PEFT cannot be read").nullish();
export const emptyPattern = z
  .record(z.string(), z.unknown())
  .refine((value) => Object.keys(value).length === 0, "patterns per layer cannot be read")
  .nullish();

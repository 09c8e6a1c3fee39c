import * as z from "zod";
import type { BackboneLayout } from "../backbone/layout.ts";
import type { AnySizes, AnySpec } from "./trained.ts";

/** The fields of adapter_config.json that all methods share. */
export interface PeftShared {
  base_model_name_or_path: string;
  task_type: string;
  inference_mode: boolean;
}

/** Where an adapter_config.json is, for messages, and the backbone that it is read for. */
export interface PeftReading {
  path: string;
  layout: BackboneLayout;
}

/** How a method's adapter is written in PEFT's folder layout. */
export interface PeftForm<Spec = AnySpec, Named = AnySizes> {
  /** Schema of adapter_config.json, discriminated by `peft_type`. */
  readonly config: z.ZodObject<{ peft_type: z.ZodLiteral<string> }>;
  /** @param context the backbone's layout, and the fields that all methods share */
  write(spec: Spec, sizes: Named, context: { shared: PeftShared; layout: BackboneLayout }): Record<string, unknown>;
  /**
   * @param config parsed by the schema above
   * @throws UserError naming a key that cannot be applied, its value, and what to do
   */
  read(config: unknown, place: PeftReading): { spec: Spec; sizes: Named };
  /** A tensor's name in the file. */
  storedName(name: string): string;
}

/** PEFT's prefix of tensors inside the backbone. */
export const insideBackbone = (name: string): string => `base_model.model.${name}`;

/** Schema of a size in PEFT's files. */
export const size = z.number().int().nonnegative().max(10_000_000);

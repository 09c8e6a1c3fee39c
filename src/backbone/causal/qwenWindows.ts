import * as z from "zod";
import type { ConfigFile } from "../configFile.ts";
import type { LayerChoice } from "./causalConfig.ts";
import { LayerTypes, layersWithWindows } from "./layerTypes.ts";
import { size } from "./sharedConfig.ts";

/** The keys of a Qwen's windows. */
export const QWEN_WINDOWS = {
  use_sliding_window: z.boolean().default(false),
  sliding_window: size.nullable().default(4096),
  max_window_layers: z.number().int().nonnegative().default(28),
  layer_types: LayerTypes,
};

/** The layers of a Qwen: where windows are in use, those from `max_window_layers` on have one. */
export function qwenLayers(
  file: ConfigFile,
  config: z.infer<z.ZodObject<typeof QWEN_WINDOWS>> & { num_hidden_layers: number },
): LayerChoice[] {
  const window = config.use_sliding_window ? config.sliding_window : null;
  return layersWithWindows(file, {
    layers: config.num_hidden_layers,
    types: config.layer_types,
    window,
    isSliding: (layer) => window !== null && layer >= config.max_window_layers,
  });
}

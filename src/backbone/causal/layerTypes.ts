import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { ConfigFile } from "../configFile.ts";
import type { LayerChoice } from "./causalConfig.ts";

/** `layer_types`: what the attention of each layer sees. */
export const LayerTypes = z
  .array(z.enum(["full_attention", "sliding_attention"], 'a layer\'s type is "full_attention" or "sliding_attention"'))
  .nullish();

/** What of a config decides which layers have the window. */
export interface Windows {
  layers: number;
  types: z.infer<typeof LayerTypes>;
  /** Places that a query of a sliding layer sees; null: none is given. */
  window: number | null | undefined;
  /** Whether a layer is sliding where `layer_types` is not given. */
  isSliding: (layer: number) => boolean;
}

/**
 * The layers with their windows, each rotated by the config's first rotation.
 * @throws UserError where `layer_types` has another number of layers, or a sliding layer has no window
 */
export function layersWithWindows({ path }: ConfigFile, { layers, types, window, isSliding }: Windows): LayerChoice[] {
  if (types != null && types.length !== layers)
    throw new UserError(
      "layer-types-length",
      phrase`${path}: layer_types has ${types.length} entries for ${layers} layers`,
      phrase`Give layer_types one entry for each layer, or remove it.`,
    );
  return Array.from({ length: layers }, (_, layer) => {
    const sliding = types == null ? isSliding(layer) : types[layer] === "sliding_attention";
    if (!sliding) return { rotation: 0 };
    if (window != null) return { rotation: 0, window };
    throw new UserError(
      "sliding-window-missing",
      phrase`${path}: layer ${layer} has a sliding window, but no sliding_window is in use`,
      phrase`Give sliding_window (and use_sliding_window, where the model has it), or make the layer "full_attention" in layer_types.`,
    );
  });
}

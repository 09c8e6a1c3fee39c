import * as z from "zod";
import { hubJson } from "./hubJson.ts";
import type { HubPlace } from "./hubRequest.ts";

/** A model that a search of the Hub found. */
export interface FoundModel {
  /** OWNER/NAME. */
  name: string;
  modelType: string;
  /** Downloads of the last month. */
  downloads: number;
  /** Values of the weights; undefined where the Hub does not say it. */
  parameters: number | undefined;
  /** As the repository names it; undefined where it names none. */
  licence: string | undefined;
  /** Whether terms have to be accepted on the Hub first. */
  gated: boolean;
}

/** The Hub is asked for this many, from the most downloaded on; those of other types are left out. */
const ASKED = 100;
const FIELDS = ["config", "downloads", "gated", "safetensors", "tags"];
const LICENCE = "license:";

const Found = z.object({
  id: z.string().max(300),
  downloads: z.number().default(0),
  gated: z.union([z.boolean(), z.string()]).default(false),
  tags: z.array(z.string()).default([]),
  safetensors: z.object({ total: z.number().optional() }).nullish(),
  config: z
    .object({ model_type: z.string().max(100).optional(), quantization_config: z.unknown().optional() })
    .nullish(),
});

/**
 * Searches the Hub for models whose name contains a text.
 * @param modelTypes the types that are wanted; models of others, quantised ones and those without safetensors are left
 * out
 * @returns from the most downloaded on
 * @throws UserError when the Hub cannot be reached
 */
export async function searchModels(
  place: HubPlace,
  text: string,
  modelTypes: readonly string[],
): Promise<FoundModel[]> {
  const query = new URLSearchParams({
    search: text,
    filter: "safetensors",
    sort: "downloads",
    direction: "-1",
    limit: String(ASKED),
  });
  for (const field of FIELDS) query.append("expand[]", field);
  const { value } = await hubJson(place, `${place.endpoint}/api/models?${query.toString()}`, z.array(z.unknown()));
  return value.flatMap((each) => {
    const { success, data } = Found.safeParse(each);
    const modelType = data?.config?.model_type;
    if (!success || modelType === undefined || !modelTypes.includes(modelType)) return [];
    if (data.config?.quantization_config != null) return [];
    return {
      name: data.id,
      modelType,
      downloads: data.downloads,
      parameters: data.safetensors?.total,
      licence: data.tags.find((tag) => tag.startsWith(LICENCE))?.slice(LICENCE.length),
      gated: data.gated !== false,
    };
  });
}

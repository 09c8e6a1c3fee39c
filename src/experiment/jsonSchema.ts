import * as z from "zod";
import { ExperimentFile } from "./experiment.ts";
import { PART_SNIPPETS, SNIPPETS } from "./snippets.ts";

/**
 * The JSON schema of *.adept.json, with the snippets that completion offers: the build writes it beside the bundles.
 */
export function experimentJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(ExperimentFile, { io: "input" });
  const properties: Record<string, unknown> = { ...schema.properties };
  // The name of a device alone is allowed too, which the schema of a preprocessed value does not show.
  const { description, ...engine } = properties["engine"] as {
    description?: string;
    properties: { device: { enum: string[] } };
  };
  properties["engine"] = { description, anyOf: [engine, { type: "string", enum: engine.properties.device.enum }] };
  const executor = properties["executor"] as { description?: string; properties: { kind: { enum: string[] } } };
  properties["executor"] = {
    description: executor.description,
    anyOf: [
      { ...executor, description: undefined },
      { type: "string", enum: executor.properties.kind.enum },
    ],
  };
  const precision = properties["precision"] as { description?: string; properties: { weights: { enum: string[] } } };
  properties["precision"] = {
    description: precision.description,
    anyOf: [
      { ...precision, description: undefined },
      { type: "string", enum: precision.properties.weights.enum },
    ],
  };
  for (const [key, defaultSnippets] of Object.entries(PART_SNIPPETS))
    properties[key] = { ...(properties[key] as object), defaultSnippets };
  return {
    title: "ADePT experiment",
    allowComments: true,
    allowTrailingCommas: true,
    ...schema,
    properties,
    defaultSnippets: SNIPPETS,
  };
}

import { statSync } from "node:fs";
import { join } from "node:path";
import { boundedText } from "../files/boundedFile.ts";
import { filesWithin } from "./filesWithin.ts";
import type { StoredModel } from "./storedModel.ts";

const MOST_MANIFEST_BYTES = 256 * 1024;
const MODEL_LAYER = "application/vnd.ollama.image.model";
/** A manifest is manifests/REGISTRY/NAMESPACE/MODEL/TAG. */
const DEPTH = 3;
const DIGEST = /^sha256[:-]([0-9a-f]{64})$/;

const property = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;

/** The hash of the weights that a manifest names; undefined where it is damaged, or names none. */
function weightsOf(path: string): string | undefined {
  try {
    const layers = property(JSON.parse(boundedText(path, MOST_MANIFEST_BYTES)), "layers");
    if (!Array.isArray(layers)) return undefined;
    const digest = property(
      layers.find((layer) => property(layer, "mediaType") === MODEL_LAYER),
      "digest",
    );
    return typeof digest === "string" ? DIGEST.exec(digest)?.[1] : undefined;
  } catch {
    return undefined;
  }
}

function sizeOf(path: string): number | undefined {
  try {
    const stats = statSync(path);
    return stats.isFile() ? stats.size : undefined;
  } catch {
    return undefined;
  }
}

/** A model's name as Ollama writes it: without the registry and the namespace where these are its own. */
function nameOf(names: readonly string[]): string {
  const tag = names.at(-1)!;
  const [registry, ...path] = names.slice(0, -1);
  if (registry !== "registry.ollama.ai") return `${[registry, ...path].join("/")}:${tag}`;
  return `${(path[0] === "library" ? path.slice(1) : path).join("/")}:${tag}`;
}

/**
 * The models that Ollama keeps in a folder, as their manifests name them. A manifest that is damaged, names no weights
 * (those of a model that runs elsewhere) or weights that are not here is left out.
 */
export function ollamaModels(folder: string): StoredModel[] {
  return filesWithin(join(folder, "manifests"), DEPTH).flatMap(({ path, names }) => {
    const hash = names.length === DEPTH + 1 ? weightsOf(path) : undefined;
    if (hash === undefined) return [];
    const blob = join(folder, "blobs", `sha256-${hash}`);
    const bytes = sizeOf(blob);
    return bytes === undefined ? [] : [{ name: nameOf(names), path: blob, bytes }];
  });
}

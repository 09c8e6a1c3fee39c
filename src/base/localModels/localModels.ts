import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ggufModels } from "./ggufModels.ts";
import { modelPlaces, type Home, type ModelPlace } from "./modelPlaces.ts";
import { ollamaModels } from "./ollamaModels.ts";
import type { StoredModel } from "./storedModel.ts";

/** A GGUF model that another program keeps on this machine. */
export interface LocalModel extends StoredModel {
  program: string;
}

/** The most models that are shown. */
const MOST_MODELS = 200;
/** PUBLISHER/REPOSITORY/FILE, with room for a folder more. */
const FILES_DEPTH = 3;
/** The most repositories of the Hub's cache that are looked into. */
const MOST_REPOSITORIES = 500;
/** COMMIT/FILE in a repository's snapshots, with room for a folder more. */
const SNAPSHOTS_DEPTH = 2;

/** This machine, for the user that runs the program. */
export const here = (): Home => ({ home: homedir(), platform: process.platform, env: process.env });

/** The models in the cache of the Hub. Data sets are left alone: there may be very many files. */
function hubModels(folder: string): StoredModel[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => name.startsWith("models--"));
  } catch {
    // There is no cache.
  }
  return names
    .sort()
    .slice(0, MOST_REPOSITORIES)
    .flatMap((name) => {
      const repository = name.slice("models--".length).replace("--", "/");
      return ggufModels(
        join(folder, name, "snapshots"),
        SNAPSHOTS_DEPTH,
        ([, ...file]) => `${repository} ${file.join("/")}`,
      );
    });
}

function modelsIn({ folder, layout }: ModelPlace): StoredModel[] {
  switch (layout) {
    case "ollama":
      return ollamaModels(folder);
    case "files":
      return ggufModels(folder, FILES_DEPTH);
    case "hub":
      return hubModels(folder);
  }
}

/**
 * The GGUF models that Ollama, LM Studio and other programs keep on this machine, by name. Only names, sizes and
 * Ollama's manifests are read. What cannot be read is left out; nothing is thrown.
 */
export function localModels(home: Home = here()): LocalModel[] {
  return modelPlaces(home)
    .flatMap((place) => modelsIn(place).map((model) => ({ program: place.program, ...model })))
    .slice(0, MOST_MODELS);
}

/** A model's name with its program's, such as "llama3.2:3b (Ollama)". */
export const shownName = ({ name, program }: LocalModel): string => `${name} (${program})`;

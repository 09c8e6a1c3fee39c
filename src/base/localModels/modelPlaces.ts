import { join } from "node:path";

/** A folder in which another program keeps models, and how it lays them out. */
export interface ModelPlace {
  program: string;
  folder: string;
  layout: "ollama" | "hub" | "files";
}

/** What tells where programs keep their files. */
export interface Home {
  home: string;
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
}

/** A variable that is set, and not to nothing. */
const set = (value: string | undefined): string | undefined => (value === "" ? undefined : value);

/** The cache of Hugging Face's own tools, as environment variables set it. */
export function hubCache({ home, env }: Home): string {
  const cache = set(env["XDG_CACHE_HOME"]) ?? join(home, ".cache");
  return set(env["HF_HUB_CACHE"]) ?? join(set(env["HF_HOME"]) ?? join(cache, "huggingface"), "hub");
}

/** Where programs keep data and what can be made anew, on this system. */
function systemFolders({ home, platform, env }: Home): { cache: string; data: readonly string[] } {
  if (platform === "darwin")
    return { cache: join(home, "Library", "Caches"), data: [join(home, "Library", "Application Support")] };
  if (platform === "win32") {
    const local = set(env["LOCALAPPDATA"]) ?? join(home, "AppData", "Local");
    return { cache: local, data: [local, set(env["APPDATA"]) ?? join(home, "AppData", "Roaming")] };
  }
  return {
    cache: set(env["XDG_CACHE_HOME"]) ?? join(home, ".cache"),
    data: [
      set(env["XDG_DATA_HOME"]) ?? join(home, ".local", "share"),
      set(env["XDG_CONFIG_HOME"]) ?? join(home, ".config"),
    ],
  };
}

/** Where Ollama keeps models: in the folder that it is told, else in the user's and, on Linux, in the service's. */
function ollamaFolders({ home, platform, env }: Home): string[] {
  const told = set(env["OLLAMA_MODELS"]);
  if (told !== undefined) return [told];
  const service = platform === "linux" ? ["/usr/share/ollama/.ollama/models"] : [];
  return [join(home, ".ollama", "models"), ...service];
}

/** The folders in which programs keep GGUF files, whether they exist or not. */
export function modelPlaces(given: Home): ModelPlace[] {
  const { home, env } = given;
  const { cache, data } = systemFolders(given);
  const files = (program: string, folder: string): ModelPlace => ({ program, folder, layout: "files" });
  return [
    ...ollamaFolders(given).map((folder): ModelPlace => ({ program: "Ollama", folder, layout: "ollama" })),
    files("LM Studio", join(home, ".lmstudio", "models")),
    files("LM Studio", join(home, ".cache", "lm-studio", "models")),
    files("llama.cpp", set(env["LLAMA_CACHE"]) ?? join(cache, "llama.cpp")),
    ...data.flatMap((folder) => [
      files("Jan", join(folder, "Jan", "data", "llamacpp", "models")),
      files("GPT4All", join(folder, "nomic.ai", "GPT4All")),
    ]),
    { program: "Hugging Face", folder: hubCache(given), layout: "hub" },
  ];
}

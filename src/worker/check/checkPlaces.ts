import { existsSync, readdirSync, statSync, type Stats } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { nearestNames } from "../../base/text/nearestName.ts";
import { isGgufName } from "../../base/files/ggufName.ts";
import { phrase } from "../../base/phrase.ts";
import { EMBEDDED_BACKBONE } from "../../backbone/backboneFolder.ts";
import type { ExperimentText, Fix, Key } from "./experimentText.ts";

/** The keys that name a file or folder, and what it must be. */
const NAMED: Readonly<Record<string, "data" | "folder" | "backbone" | "tensors">> = {
  "task.train": "data",
  "task.validation": "data",
  "task.test": "data",
  "task.folder": "folder",
  backbone: "backbone",
  "method.source": "tensors",
};

interface Place {
  key: string;
  /** Where the name is in the experiment file. */
  keys: readonly Key[];
  given: string;
  path: string;
}

/** The files and folders that an experiment names: in its own keys, its methods and arms, and in its sweep. */
export function placesOf(text: ExperimentText, folder: string): Place[] {
  const listed = (keys: readonly Key[]): number => text.find(keys)?.children?.length ?? 0;
  const within = (keys: readonly Key[]): Key[][] => Array.from({ length: listed(keys) }, (_, i) => [...keys, i]);
  return Object.keys(NAMED).flatMap((key) => {
    const places: (readonly Key[])[] = [
      key.split("."),
      ...["vary", "tune"].flatMap((name) => within(["sweep", name, key])),
      ...within(["sweep", "arms"]).flatMap((arm) => [[...arm, "set", key], ...within([...arm, "tune", key])]),
      ...(key === "method.source"
        ? [
            ...within(["sweep", "methods"]).map((method) => [...method, "source"]),
            ...within(["sweep", "arms"]).map((arm) => [...arm, "method", "source"]),
          ]
        : []),
    ];
    return places.flatMap((keys) => {
      const given = text.string(keys);
      return given === undefined || (key === "backbone" && given === EMBEDDED_BACKBONE)
        ? []
        : [{ key, keys, given, path: resolve(folder, given) }];
    });
  });
}

/** Reports the files and folders that the experiment names and that do not exist. */
export function checkPlaces(text: ExperimentText, folder: string): void {
  for (const { key, keys, given, path } of placesOf(text, folder)) {
    const beside = (wanted: (path: string, isFolder: boolean) => boolean): Fix[] =>
      neighbours(path, folder, wanted).flatMap((name) => text.replace(keys, name));
    switch (NAMED[key]) {
      case "data":
        if (!isFile(path))
          text.tell(keys, {
            code: "missing-file",
            message: phrase`There is no file ${given}. Paths are relative to this file.`,
            fixes: beside((each, isFolder) => !isFolder && isData(each)),
          });
        break;
      case "backbone":
        if (!isFolder(path) && !(isGgufName(path) && isFile(path)))
          text.tell(keys, {
            code: "missing-folder",
            message: isGgufName(path)
              ? phrase`There is no file ${given}. Paths are relative to this file.`
              : phrase`There is no folder ${given}. Give the folder of a supported Hugging Face model, a GGUF file, or "${EMBEDDED_BACKBONE}".`,
            fixes: [
              ...beside((each) => isGgufName(each) || existsSync(join(each, "config.json"))),
              ...text.replace(keys, EMBEDDED_BACKBONE),
            ],
          });
        break;
      default:
        if (!isFolder(path))
          text.tell(keys, {
            code: "missing-folder",
            message: phrase`There is no folder ${given}. Paths are relative to this file.`,
            fixes: beside((each, isDirectory) => isDirectory && (key === "task.folder" || hasTensors(each))),
          });
    }
  }
}

/** File status; a path that no file system allows, too long or with a NUL, does not exist. */
const statsOf = (path: string): Stats | undefined =>
  existsSync(path) ? statSync(path, { throwIfNoEntry: false }) : undefined;
const isFile = (path: string): boolean => statsOf(path)?.isFile() === true;
const isFolder = (path: string): boolean => statsOf(path)?.isDirectory() === true;
const isData = (name: string): boolean =>
  /\.(jsonl|ndjson|json|csv|tsv|parquet)(\.gz)?$/i.test(name) && !name.toLowerCase().endsWith(".adept.json");
/** Whether a folder is a run's or an adapter's. */
const hasTensors = (path: string): boolean =>
  [path, join(path, "adapter")].some((each) => existsSync(join(each, "adapter_config.json")));

/** Names beside a path that does not exist, the most similar first. */
function neighbours(path: string, folder: string, wanted: (path: string, isFolder: boolean) => boolean): string[] {
  const place = dirname(path);
  if (!isFolder(place)) return [];
  const names = readdirSync(place, { withFileTypes: true })
    .filter((each) => !each.name.startsWith(".") && wanted(join(place, each.name), each.isDirectory()))
    .map(({ name }) => name);
  const near = nearestNames(basename(path), names);
  return [...new Set([...near, ...names])]
    .slice(0, 4)
    .map((name) => relative(folder, join(place, name)).split(sep).join("/"));
}

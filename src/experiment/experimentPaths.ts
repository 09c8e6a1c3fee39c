import type { Experiment } from "./experiment.ts";
import { EMBEDDED } from "./namedPlaces.ts";

/**
 * Returns the experiment with each path that it reads replaced: data, a backbone other than the embedded one, and the
 * folder of a warm start.
 */
export function withPaths(experiment: Experiment, place: (path: string) => string): Experiment {
  const { task, method, backbone } = experiment;
  const maybe = (path: string | undefined): string | undefined => (path === undefined ? undefined : place(path));
  const moveTask = (): Experiment["task"] => {
    if (task.kind === "mail") return task;
    if ("folder" in task) return { ...task, folder: place(task.folder) };
    return { ...task, train: place(task.train), validation: maybe(task.validation), test: maybe(task.test) };
  };
  return {
    ...experiment,
    task: moveTask(),
    backbone: backbone === EMBEDDED ? backbone : place(backbone),
    ...(method.source !== undefined && { method: { ...method, source: place(method.source) } }),
  };
}

/** The paths that an experiment reads, without repeats. */
export function pathsOf(experiment: Experiment): string[] {
  const paths = new Set<string>();
  withPaths(experiment, (path) => {
    paths.add(path);
    return path;
  });
  return [...paths];
}

import { shortPaths } from "../../base/text/shortPaths.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { distinctTexts } from "../../experiment/valueTexts.ts";

type On = Pick<Experiment, "task" | "backbone">;

/** The path that names a task's data. */
function dataOf({ task }: On): string[] {
  if (task.kind === "file" || task.kind === "chat") return [task.train];
  return task.kind === "text" ? [task.folder] : [];
}

function nameOf({ task }: On, short: ReadonlyMap<string, string>): string {
  switch (task.kind) {
    case "named":
      return task.name;
    case "file":
    case "chat":
      return short.get(task.train)!;
    case "text":
      return `text in ${short.get(task.folder)}${task.label === undefined ? "" : `, label ${task.label}`}`;
    case "mail":
      return task.kind;
  }
}

/**
 * The names of tasks in reports, each of them different: by the catalogue's entry, the training file or the folder,
 * where these are the same by what else tells them apart, such as the backbone.
 */
export function taskNames(all: readonly On[]): string[] {
  const short = shortPaths(all.flatMap(dataOf));
  const names = all.map((each) => nameOf(each, short));
  return names.map((name, i) => {
    const alike = all.filter((_, at) => names[at] === name);
    if (alike.length === 1) return name;
    const told = distinctTexts(alike.map(({ task, backbone }) => ({ backbone, task })));
    return `${name}, ${told[alike.indexOf(all[i]!)]}`;
  });
}

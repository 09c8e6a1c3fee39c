import type { RunStatus } from "../../record/events.ts";
import type { RunRecord } from "../../record/record.ts";

/** Orders of the list of runs. */
export const SORTS = ["newest", "oldest", "name", "metric", "status"] as const;
export type SortKey = (typeof SORTS)[number];

/** Which runs the list shows. An empty list or text lets all runs pass. */
export interface RunFilter {
  /** Words that must all occur in a run's name, id, method, task, backbone, experiment, note or tags. */
  text: string;
  statuses: readonly RunStatus[];
  methods: readonly string[];
  tasks: readonly string[];
  tags: readonly string[];
  /** Shows only starred runs. */
  starred: boolean;
  /** Shows archived runs too. */
  archived: boolean;
}

/** The filter that shows all runs but archived ones. */
export const NO_FILTER: RunFilter = {
  text: "",
  statuses: [],
  methods: [],
  tasks: [],
  tags: [],
  starred: false,
  archived: false,
};

/** Whether a filter is another than NO_FILTER. */
export const isFiltered = (filter: RunFilter): boolean => JSON.stringify(filter) !== JSON.stringify(NO_FILTER);

/** Whether the list shows a run. */
export function passesFilter(
  record: RunRecord,
  { text, statuses, methods, tasks, tags, starred, archived }: RunFilter,
): boolean {
  if (record.archived && !archived) return false;
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const all = [
    record.name,
    record.id,
    record.method,
    record.task,
    record.backbone,
    record.experiment ?? "",
    record.note,
    ...record.tags,
  ]
    .join(" ")
    .toLowerCase();
  const among = (list: readonly string[], value: string): boolean => list.length === 0 || list.includes(value);
  return (
    words.every((word) => all.includes(word)) &&
    among(statuses, record.status) &&
    among(methods, record.method) &&
    among(tasks, record.task) &&
    (tags.length === 0 || record.tags.some((tag) => tags.includes(tag))) &&
    (!starred || record.starred)
  );
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

/** Reads a filter from the workspace state. Fields of a wrong type count as empty. */
export function storedFilter(value: unknown): RunFilter {
  const given: Partial<Record<keyof RunFilter, unknown>> = typeof value === "object" && value !== null ? value : {};
  const texts = (list: unknown): string[] => (isTexts(list) ? list : []);
  return {
    text: typeof given.text === "string" ? given.text : "",
    statuses: texts(given.statuses) as RunStatus[],
    methods: texts(given.methods),
    tasks: texts(given.tasks),
    tags: texts(given.tags),
    starred: given.starred === true,
    archived: given.archived === true,
  };
}

import { TABS, type TabId } from "../src/protocol/tabs.ts";

/** What the page remembers while hidden, and through a reload of the window. */
export interface PageState {
  id: string;
  tab: TabId;
  tables: Record<string, boolean>;
  log: boolean;
  chosen: string[];
  choices: Record<string, string>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const only = <T>(value: unknown, fits: (each: unknown) => each is T): Record<string, T> =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).filter((entry): entry is [string, T] => fits(entry[1])))
    : {};

/** The saved state of a page; whatever is not as it should be is left out. */
export function restoreState(saved: unknown, id: string): PageState {
  const given = isObject(saved) ? saved : {};
  return {
    id,
    tab: TABS.find((tab) => tab === given["tab"]) ?? "training",
    tables: only(given["tables"], (each) => typeof each === "boolean"),
    log: given["log"] === true,
    chosen: Array.isArray(given["chosen"]) ? given["chosen"].filter((each) => typeof each === "string") : [],
    choices: only(given["choices"], (each) => typeof each === "string"),
  };
}

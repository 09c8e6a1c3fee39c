import { TABS, type TabId } from "../src/protocol/tabs.ts";

/** The choices that the page keeps while it is hidden, and when the window is reloaded. */
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

/** Reads the saved state of a page; malformed parts are left out. */
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

import type { RunRecord } from "./record.ts";

/** Tells tasks apart: what was measured on two of them does not compare. A task of files is told by its data. */
export const taskKey = ({ task, data }: Pick<RunRecord, "task" | "data">): string => JSON.stringify([task, data ?? ""]);

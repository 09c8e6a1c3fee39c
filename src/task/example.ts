/** One example as text. */
export interface Example { source: string; target: string }
export interface TaskData { train: Example[]; validation: Example[]; test: Example[]; /** distinct targets of train when there are at most 50 */ labels: string[] }
/** A row of a data file: its fields and the line it starts on. */
export interface Row { fields: Readonly<Record<string, string>>; line: number }

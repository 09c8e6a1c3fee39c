import { parquetWriteBuffer, type BasicType } from "hyparquet-writer";
import type { Cell, Table } from "./runTable.ts";

/** A column's type, and its values in the form that the writer wants. */
interface Typed {
  type: BasicType;
  data: (string | number | bigint | boolean | Date | undefined)[];
}

const textOf = (cell: Cell): string | undefined => (cell instanceof Date ? cell.toISOString() : cell?.toString());

/** Whether all values that a column has are of one kind; a column without any is of none. */
const all = (known: readonly Cell[], isOne: (cell: Cell) => boolean): boolean => known.length > 0 && known.every(isOne);

/** The narrowest type that all values of a column have; texts, where they are of several kinds. */
function typed(cells: readonly Cell[], isMeasured: boolean): Typed {
  const known = cells.filter((cell) => cell !== undefined);
  if (!isMeasured && all(known, Number.isSafeInteger))
    return { type: "INT64", data: cells.map((cell) => (cell === undefined ? cell : BigInt(Number(cell)))) };
  if (all(known, (cell) => typeof cell === "number")) return { type: "DOUBLE", data: [...cells] };
  if (all(known, (cell) => typeof cell === "boolean")) return { type: "BOOLEAN", data: [...cells] };
  if (all(known, (cell) => cell instanceof Date)) return { type: "TIMESTAMP", data: [...cells] };
  return { type: "STRING", data: cells.map(textOf) };
}

/** A table as a Parquet file. */
export const parquetBytes = ({ columns, measured }: Table): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [...columns].map(([name, cells]) => ({ name, nullable: true, ...typed(cells, measured.has(name)) })),
      createdBy: "adept-lab",
    }),
  );

import { parquetWriteBuffer, type BasicType } from "hyparquet-writer";
import type { Cell, Table } from "./runTable.ts";

/** A column's type, and its values in the form that the writer wants. */
interface Typed {
  type: BasicType;
  data: (string | number | bigint | boolean | Date | undefined)[];
}

const textOf = (cell: Cell): string | undefined => (cell instanceof Date ? cell.toISOString() : cell?.toString());

/** The narrowest type that all values of a column have; texts, where they are of several kinds. */
function typed(cells: readonly Cell[]): Typed {
  const known = cells.filter((cell) => cell !== undefined);
  if (known.length > 0 && known.every((cell) => typeof cell === "number"))
    return known.every(Number.isSafeInteger)
      ? { type: "INT64", data: cells.map((cell) => (cell === undefined ? cell : BigInt(Number(cell)))) }
      : { type: "DOUBLE", data: [...cells] };
  if (known.length > 0 && known.every((cell) => typeof cell === "boolean"))
    return { type: "BOOLEAN", data: [...cells] };
  if (known.length > 0 && known.every((cell) => cell instanceof Date)) return { type: "TIMESTAMP", data: [...cells] };
  return { type: "STRING", data: cells.map(textOf) };
}

/** A table as a Parquet file. */
export const parquetBytes = ({ columns }: Table): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [...columns].map(([name, cells]) => ({ name, nullable: true, ...typed(cells) })),
      createdBy: "adept-lab",
    }),
  );

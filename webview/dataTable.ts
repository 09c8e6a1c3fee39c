import { el } from "./dom.ts";
import { columnName, shown, type TableCell, type TableData } from "../src/figure/tableText.ts";

interface Order {
  column: number;
  descending: boolean;
}

const directionOf = ({ descending }: Order): "ascending" | "descending" => (descending ? "descending" : "ascending");

/** The order after a press on a column's header: ascending, then descending, then the original order. */
function orderAfter(order: Order | undefined, column: number): Order | undefined {
  if (order?.column !== column) return { column, descending: false };
  return order.descending ? undefined : { column, descending: true };
}

function sorted(rows: TableData["rows"], order: Order | undefined): TableData["rows"] {
  if (order === undefined) return rows;
  const { column, descending } = order;
  const sign = descending ? -1 : 1;
  const compare = (a: TableCell, b: TableCell): number =>
    typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a ?? "").localeCompare(String(b ?? ""), undefined, { numeric: true });
  return [...rows].sort((a, b) => sign * compare(a[column], b[column]));
}

/** An HTML table that is sorted by pressing the headers of its columns; the first cell of each row is its header. */
export function dataTable(caption: string, data: TableData): HTMLElement {
  const box = el("div", "", "scroll");
  const table = el("table");
  const heading = el("tr");
  const body = el("tbody");
  const head = el("thead");
  let order: Order | undefined;
  const numeric = data.columns.map((_, i) => data.rows.some((row) => typeof row[i] === "number"));
  const fill = (): void => {
    body.replaceChildren(
      ...sorted(data.rows, order).map((row) => {
        const line = el("tr");
        line.append(
          ...data.columns.map((column, i) => {
            const cell = el(i === 0 ? "th" : "td", shown(row[i], column), numeric[i] === true ? "number" : "");
            if (i === 0) cell.setAttribute("scope", "row");
            return cell;
          }),
        );
        return line;
      }),
    );
    for (const [i, cell] of [...heading.children].entries())
      cell.setAttribute("aria-sort", order?.column === i ? directionOf(order) : "none");
  };
  heading.append(
    ...data.columns.map((column, i) => {
      const cell = el("th", "", numeric[i] === true ? "number" : "");
      const button = el("button", columnName(column), "sort");
      cell.scope = "col";
      button.type = "button";
      button.addEventListener("click", () => {
        order = orderAfter(order, i);
        fill();
      });
      cell.append(button);
      return cell;
    }),
  );
  head.append(heading);
  table.append(el("caption", caption), head, body);
  fill();
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", caption);
  box.append(table);
  return box;
}

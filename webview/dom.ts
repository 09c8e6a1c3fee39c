/** An element with text; text is never parsed as HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, text = "", className = ""): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (text !== "") element.textContent = text;
  if (className !== "") element.className = className;
  return element;
}

/** A table with a caption; the first cell of each row heads it. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): HTMLTableElement {
  const element = el("table");
  const heading = el("tr");
  heading.append(...head.map((text) => { const cell = el("th", text); cell.scope = "col"; return cell; }));
  const thead = el("thead");
  thead.append(heading);
  const body = el("tbody");
  body.append(...rows.map((row) => {
    const line = el("tr");
    line.append(...row.map((text, index) => { if (index > 0) return el("td", text); const cell = el("th", text); cell.scope = "row"; return cell; }));
    return line;
  }));
  element.append(el("caption", caption), thead, body);
  return element;
}

/** An element with text; text is never parsed as HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, text = "", className = ""): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (text !== "") element.textContent = text;
  if (className !== "") element.className = className;
  return element;
}

/** A section of a page with its heading. */
export function section(heading: string): HTMLElement {
  const part = el("section", "", "part");
  part.append(el("h2", heading));
  return part;
}

/** Objects and lists inside each other of which an element is still told. */
const DEEPEST = 100;

/**
 * The beginning of a JSON document as a document of its own: the whole elements of its first list, what was open after
 * them closed. Undefined where no element of it is whole, or it is nested more deeply than data are.
 */
export function wholeElements(text: string): string | undefined {
  const open: string[] = [];
  let list: number | undefined;
  let end = 0;
  let closers = "";
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]!;
    if (unit === '"') at = stringEnd(text, at + 1);
    else if (unit === "{" || unit === "[") {
      open.push(unit === "{" ? "}" : "]");
      if (open.length > DEEPEST) return undefined;
      if (unit === "[") list ??= open.length;
    } else if (unit === "}" || unit === "]") {
      open.pop();
      if (open.length === list) {
        end = at + 1;
        closers = [...open].reverse().join("");
      }
    }
  }
  return end === 0 ? undefined : text.slice(0, end) + closers;
}

/** The unit of a string's closing quote, escapes passed over. */
function stringEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

/** The deepest nesting of objects and lists that is read. */
const DEEPEST = 100;

/**
 * Makes a JSON document of the beginning of one: the whole elements of its first list, and the closing brackets of what
 * was open around them.
 * @returns undefined where no element is whole, or the nesting is too deep
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

/** The index of a string's closing quote; escaped characters are skipped. */
function stringEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

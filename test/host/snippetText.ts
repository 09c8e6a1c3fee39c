/** A snippet's body as VS Code's JSON support writes it: each string as JSON, but for those that begin with "^". */
function written(body: unknown): string {
  if (Array.isArray(body)) return `[${body.map(written).join(",")}]`;
  if (typeof body === "object" && body !== null)
    return `{${Object.entries(body)
      .map(([key, value]) => `${JSON.stringify(key)}:${written(value)}`)
      .join(",")}}`;
  return typeof body === "string" && body.startsWith("^") ? body.slice(1) : JSON.stringify(body);
}

/**
 * The text that a snippet leaves when nothing is typed over: a backslash before $, } or itself takes their meaning
 * away, ${1:text} is text up to the first brace that closes it.
 */
function expanded(snippet: string): string {
  let at = 0;
  const part = (inside: boolean): string => {
    let text = "";
    while (at < snippet.length) {
      const unit = snippet[at]!;
      const stop = /^\$\{\d+:/.exec(snippet.slice(at));
      if (unit === "\\" && /[$}\\]/.test(snippet[at + 1] ?? "")) {
        text += snippet[at + 1]!;
        at += 2;
        continue;
      }
      if (unit === "}" && inside) {
        at++;
        return text;
      }
      if (stop !== null) {
        at += stop[0].length;
        text += part(true);
        continue;
      }
      text += unit;
      at++;
    }
    return text;
  };
  return part(false);
}

/** What completion puts into an experiment for a snippet of the schema. */
export const snippetText = (body: unknown): string => expanded(written(body));

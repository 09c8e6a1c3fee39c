/** Characters that YAML does not take as they are, even in quotes, or takes for the end of a line. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A text as a scalar of YAML in double quotes, on one line. Half of a surrogate pair becomes U+FFFD. */
export const yamlText = (text: string): string =>
  JSON.stringify(Buffer.from(text, "utf8").toString("utf8")).replace(
    UNPRINTABLE,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** A flat YAML document. */
export const yamlDocument = (values: Readonly<Record<string, string | number | null | readonly never[]>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key}: ${typeof value === "string" ? yamlText(value) : JSON.stringify(value)}\n`)
    .join("");

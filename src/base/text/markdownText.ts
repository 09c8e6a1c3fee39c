/**
 * Signs that begin a code, an emphasis, a formula or a tag, and a backslash where it would take another sign's place:
 * before punctuation, and at the end, where a bar of a table may follow.
 */
const COMMANDS = /[`*$]|<(?=[A-Za-z/!?])|&(?=#|[A-Za-z]+;)|\\(?=[!-/:-@[-`{-~]|$)/g;

/** A text on one line as Markdown shows it: none of its signs is a command. */
export const markdownText = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, " ").replace(COMMANDS, "\\$&");

/** A text as a cell of a Markdown table. */
export const markdownCell = (text: string): string => markdownText(text).replaceAll("|", "\\|");

/** A text as a line of its own, such as an item of a list, which it does not make a heading or another list. */
export const markdownLine = (text: string): string =>
  markdownText(text).replace(/^(?:[-+#>=]|\d+(?=[.)]))/, (start) => (/^\d/.test(start) ? `${start}\\` : `\\${start}`));

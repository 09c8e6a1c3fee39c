/**
 * Signs that a terminal obeys instead of showing them, and those that turn the order of a line around. Line ends and
 * tabs are none.
 */
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text as a terminal shows it: what it would obey is spelled out. Names, paths and messages of runs are whoever's; a
 * document of JSON stays the same document.
 */
export const terminalText = (text: string): string =>
  text.replace(OBEYED, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A name that stands in a line of its own. */
export const oneLine = (text: string): string => text.replace(/\s+/g, " ");

/** A result, on standard output, with an end of line. */
export function say(text: string): void {
  process.stdout.write(`${terminalText(text)}\n`);
}

/** Whatever else there is to tell, on standard error, as it is. */
export function tell(text: string): void {
  process.stderr.write(terminalText(text));
}

/** Takes away what stands in the line of a bar. */
export function clearLine(): void {
  process.stderr.write("\r\u001b[K");
}

/**
 * Control characters, which a terminal executes instead of showing them, and characters that change a line's direction.
 * Line ends and tabs are not included.
 */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** 128 and the number of SIGPIPE. */
const PIPE_CLOSED = 141;

/**
 * Replaces control characters in a text by visible escapes, because names, paths and messages of runs may come from
 * anybody. The escapes are those of JSON, so that a JSON document keeps its meaning.
 */
export const terminalText = (text: string): string =>
  text.replace(CONTROLS, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Returns a text as one line: white space becomes single spaces. */
export const oneLine = (text: string): string => text.replace(/\s+/g, " ");

/** Writes a result to standard output, with a line end. */
export function say(text: string): void {
  process.stdout.write(`${terminalText(text)}\n`);
}

/** Writes any other text to standard error, without a line end. */
export function tell(text: string): void {
  process.stderr.write(terminalText(text));
}

/** Clears the terminal's current line, in which a progress bar may be. */
export function clearLine(): void {
  process.stderr.write("\r\u001b[K");
}

/**
 * Ends the program without a word once nobody reads its output any more (`adept runs list | head`), with the code that
 * a shell shows for SIGPIPE. Text on standard error is then lost, which ends nothing.
 */
export function endWithItsReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(PIPE_CLOSED);
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

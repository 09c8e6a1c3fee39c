/** An error in the command line itself; the exit code is 2. */
export class WrongUse extends Error {
  /** A second line of the message: where to read more. */
  hint: string | undefined;
}

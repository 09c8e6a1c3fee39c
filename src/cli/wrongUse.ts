/** The command line itself is wrong: exit code 2. */
export class WrongUse extends Error {
  /** A second line: where to read more. */
  hint: string | undefined;
}

import { UserError } from "../base/errors.ts";
import { english, listed, phrase } from "../base/phrase.ts";

/** The most problems that one error lists. */
const MOST = 20;

/** The UserError that some work throws; none where it throws none. */
export function caught(work: () => unknown): UserError[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof UserError) return [error];
    throw error;
  }
}

/**
 * Throws several errors as one, which lists each problem once.
 * @throws UserError the only error, or one with all of them as its parts
 */
export function throwAll(errors: readonly UserError[]): void {
  const parts = [
    ...new Map(errors.flatMap((each) => each.parts ?? [each]).map((each) => [each.message, each])).values(),
  ];
  const [only, ...more] = parts;
  if (only === undefined) return;
  if (more.length === 0) throw only;
  const rest = parts.length > MOST ? [phrase`and ${parts.length - MOST} more`] : [];
  const shown = parts.slice(0, MOST);
  const actions = new Map(shown.flatMap(({ actionPhrase }) => actionPhrase ?? []).map((each) => [english(each), each]));
  const error = new UserError(
    "experiment-problems",
    listed([...shown.map((each) => each.phrase), ...rest], "\n"),
    listed([...actions.values()], " "),
  ).about(only.keys ?? [], listed([...shown.map((each) => each.bare), ...rest], "\n"));
  error.parts = parts;
  throw error;
}

/** Does some work; what it throws is thrown together with problems that are known already. */
export function together<T>(known: readonly UserError[], work: () => T): T {
  const results: T[] = [];
  const thrown = caught(() => results.push(work()));
  if (thrown.length > 0) throwAll([...thrown, ...known]);
  return results[0]!;
}

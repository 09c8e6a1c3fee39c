import { availableCores } from "../../base/availableCores.ts";
import { passAtK } from "../metric/passAtK.ts";
import { CodeSandbox, type CodeLimits } from "./codeSandbox.ts";

/** The k of pass@k that papers report. */
const REPORTED = [1, 10, 100];

/** Programs generated for one example, and the assertions that each must pass. */
export interface CodeCase {
  programs: readonly string[];
  tests?: readonly string[] | undefined;
}

/**
 * Computes pass@k (0..1): the mean chance that one of k programs, drawn from those of an example, passes all of its
 * tests. An example without tests has none that pass.
 */
export class PassRate {
  private sandbox: Promise<CodeSandbox> | undefined;
  constructor(private readonly limits?: CodeLimits) {}

  /**
   * Runs the cases' programs, on half of the processor's cores.
   * @returns passAt1, passAt10 and passAt100, as far as every case has that many programs
   * @throws UserError where code cannot be run safely
   */
  async of(cases: readonly CodeCase[]): Promise<Record<string, number>> {
    const sandbox = await (this.sandbox ??= CodeSandbox.open());
    const waiting = cases.flatMap(({ programs, tests = [] }, index) =>
      // A decoder-only model answers behind a space, which would indent the first line.
      tests.length === 0 ? [] : programs.map((text) => ({ program: text.trimStart(), tests, index })),
    );
    const passed = new Array<number>(cases.length).fill(0);
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        if (await sandbox.passes(next.program, next.tests, this.limits)) passed[next.index]!++;
    };
    await Promise.all(Array.from({ length: Math.max(1, Math.floor(availableCores() / 2)) }, worker));
    const fewest = Math.min(...cases.map(({ programs }) => programs.length));
    return Object.fromEntries(
      REPORTED.filter((k) => k <= fewest).map((k) => {
        const rates = cases.map(({ programs }, i) => passAtK(programs.length, passed[i]!, k));
        return [`passAt${k}`, rates.reduce((sum, rate) => sum + rate, 0) / cases.length];
      }),
    );
  }
}

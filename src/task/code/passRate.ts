import { availableParallelism } from "node:os";
import { passAtK } from "../metric/passAtK.ts";
import { CodeSandbox, type CodeLimits } from "./codeSandbox.ts";

/** Generated code and the assertions that it must pass. */
export interface CodeCase {
  prediction: string;
  tests?: readonly string[] | undefined;
}

/**
 * Computes pass@1 (0..1): the share of cases whose code passes all of its tests, with one sample each. A case without
 * tests does not pass.
 */
export class PassRate {
  private sandbox: Promise<CodeSandbox> | undefined;
  constructor(private readonly limits?: CodeLimits) {}

  /**
   * Runs the cases' code, on half of the processor's cores.
   * @throws UserError where code cannot be run safely
   */
  async of(cases: readonly CodeCase[]): Promise<number> {
    const sandbox = await (this.sandbox ??= CodeSandbox.open());
    const waiting = cases.map((each, index) => ({ ...each, index }));
    const passed = new Array<boolean>(cases.length).fill(false);
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        passed[next.index] =
          (next.tests ?? []).length > 0 && (await sandbox.passes(next.prediction, next.tests ?? [], this.limits));
    };
    await Promise.all(Array.from({ length: Math.max(1, Math.floor(availableParallelism() / 2)) }, worker));
    return passed.reduce((sum, pass) => sum + passAtK(1, pass ? 1 : 0, 1), 0) / cases.length;
  }
}

import { resolve } from "node:path";
import { checkModelType } from "../backbone/openBackbone.ts";
import { UserError } from "../base/errors.ts";
import { downloadRepository } from "../hub/hubDownload.ts";
import { hubPlace } from "../hub/hubRequest.ts";
import { checkDownload } from "./checkDownload.ts";

/**
 * Downloads a model and checks that it can be used. Prints progress as lines of JSON; the last line has the result or
 * the error.
 * @returns an exit code
 */
export async function downloadJob(name: string, out: string, signal: AbortSignal): Promise<number> {
  const tell = (value: unknown): void => {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  };
  const folder = resolve(out);
  let last = -Infinity;
  try {
    const result = await downloadRepository(
      hubPlace(signal, process.env),
      { name, kind: "model", revision: "main" },
      {
        folder,
        include: [],
        accept: () => {
          checkModelType(folder);
        },
      },
      (progress) => {
        if (performance.now() - last < 250 && progress.done < progress.total) return;
        last = performance.now();
        tell({ progress });
      },
    );
    checkDownload(name, folder);
    tell({ result });
    return 0;
  } catch (error) {
    if (signal.aborted) return 130;
    if (!(error instanceof UserError)) throw error;
    tell({ error: error.data });
    return 1;
  }
}

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadAdapter, saveAdapter } from "../../adapter/adapterFolder.ts";
import { backboneFolder, EMBEDDED_BACKBONE } from "../../backbone/backboneFolder.ts";
import { backboneLayout } from "../../training/prepare.ts";
import { finishedFolder } from "../../worker/finishedFolder.ts";
import { say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

/**
 * adept import FOLDER --backbone DIR --out DIR: an official checkpoint or PEFT folder, with .bin or safetensors, as an
 * adapter of ours.
 */
export function importAdapter(args: string[]): Promise<number> {
  const {
    values,
    positionals: [from],
  } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      backbone: { type: "string" },
      out: { type: "string" },
      force: { type: "boolean" },
      json: { type: "boolean" },
    },
  });
  if (from === undefined || values.backbone === undefined || values.out === undefined)
    throw new WrongUse("import takes a folder, --backbone and --out");
  const backbone = values.backbone === EMBEDDED_BACKBONE ? EMBEDDED_BACKBONE : resolve(values.backbone);
  const layout = backboneLayout(backboneFolder(backbone));
  const adapter = loadAdapter(resolve(from), layout);
  finishedFolder(values.out, values.force === true, (folder) => {
    saveAdapter(folder, adapter, { backbone, width: layout.width });
  });
  const { spec, sizes } = adapter;
  const result = {
    adapter: resolve(values.out),
    method: spec.kind,
    ...("variant" in spec && { variant: spec.variant }),
    ...sizes,
  };
  say(
    values.json === true
      ? JSON.stringify(result)
      : `${spec.kind}${"variant" in spec && spec.variant !== "standard" ? ` (${spec.variant})` : ""}, ${sizes.count} parameters (m=${sizes.promptLength}, r=${sizes.bottleneck}): ${result.adapter}`,
  );
  return Promise.resolve(0);
}

import { resolve } from "node:path";
import { loadAdapter, saveAdapter } from "../../adapter/adapterFolder.ts";
import { backboneFolder, EMBEDDED_BACKBONE } from "../../backbone/backboneFolder.ts";
import { namedSizes } from "../../method/sizes.ts";
import { sizesText } from "../../protocol/sizesText.ts";
import { backboneLayout } from "../../training/prepare.ts";
import { writeFolderAtomic } from "../../base/files/atomicFolder.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { JSON_OUTPUT } from "../commonOptions.ts";
import { say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

const OPTIONS = {
  backbone: { type: "string", value: "DIR", required: true, help: "folder of the backbone it belongs to, or tiny-t5" },
  out: { type: "string", value: "DIR", required: true, help: "folder of the adapter" },
  force: { type: "boolean", help: "replaces a folder that is there" },
  ...JSON_OUTPUT,
} as const satisfies Options;

/** Converts an official checkpoint or a PEFT folder, with .bin or .safetensors files, into an adapter. */
function run({ values, positionals: [from] }: Parsed<typeof OPTIONS>): Promise<number> {
  if (from === undefined || values.backbone === undefined || values.out === undefined)
    throw new WrongUse("import takes a folder, --backbone and --out");
  const backbone = values.backbone === EMBEDDED_BACKBONE ? EMBEDDED_BACKBONE : resolve(values.backbone);
  const layout = backboneLayout(backboneFolder(backbone));
  const adapter = loadAdapter(resolve(from), layout);
  writeFolderAtomic(values.out, values.force === true, (folder) => {
    saveAdapter(folder, adapter, { backbone, layout });
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
      : `${spec.kind}${"variant" in spec && spec.variant !== "standard" ? ` (${spec.variant})` : ""}, ${sizes.count} parameters${sizesText(namedSizes(spec.kind, sizes), "=")}: ${result.adapter}`,
  );
  return Promise.resolve(0);
}

export const importCommand = command({
  summary: "reads a PEFT folder or an official ADePT or DePT checkpoint as an adapter",
  takes: "FOLDER",
  options: OPTIONS,
  examples: ["adept import checkpoint --backbone tiny-t5 --out my-adapter"],
  run,
});

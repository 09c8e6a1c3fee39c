// npm run l10n: writes the texts that translators start from.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { coreMessages, schemaTexts, translatedTexts } from "./extract.ts";

writeFileSync(
  join(import.meta.dirname, "../../l10n/bundle.l10n.json"),
  `${JSON.stringify(Object.fromEntries([...new Set([...translatedTexts(), ...coreMessages(), ...schemaTexts()])].sort().map((text) => [text, text])), undefined, 2)}\n`,
);

import { checkModelFolder } from "../backbone/checkFolder.ts";
import { backboneFolder } from "../backbone/backboneFolder.ts";
import { UserError } from "../base/errors.ts";
import { isGgufName } from "../base/files/ggufName.ts";
import { phrase, type Phrase } from "../base/phrase.ts";

/** What helps where a whole download is no usable model: its files are as their makers left them. */
function action(code: string, name: string, folder: string): Phrase {
  const short = name.split("/").at(-1)!;
  if (code === "tokenizer-missing")
    return phrase`Another repository may have its tokenizer; download it into the same folder: adept download OWNER/NAME --include "tokenizer*" --include spiece.model --out "${folder}"`;
  return phrase`Look for another copy of the model: adept download --search "${short}"`;
}

/**
 * Whether what was downloaded can be opened as a backbone.
 * @param backbone a folder, or a GGUF file
 * @throws UserError saying what is missing or wrong, and a command that helps
 */
export function checkDownload(name: string, backbone: string): void {
  try {
    checkModelFolder(backboneFolder(backbone));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      "download-not-usable",
      phrase`${name} was downloaded, but cannot be opened as a backbone: ${error.phrase}`,
      // Of the same model there often is another GGUF file that can be used, which the error names.
      (isGgufName(backbone) ? error.actionPhrase : undefined) ?? action(error.code, name, backbone),
    );
  }
}

/**
 * The name by which the Encoding Standard knows an encoding, also where it is written as Python writes it ("latin-1",
 * "utf_16", "utf-8-sig"); undefined where there is none.
 */
export function encodingLabel(name: string): string | undefined {
  const plain = name.trim().toLowerCase().replaceAll("_", "-").replace(/-sig$/, "");
  for (const label of [plain, plain.replace(/^latin-/, "latin"), plain.replaceAll("-", "")])
    try {
      return new TextDecoder(label).encoding;
    } catch {
      /* the next way to write it */
    }
  return undefined;
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/**
 * An input that once was a finding. `text`: as it is, with `repeat` as often as `times` says in the place of "@";
 * `latin1`: its letters are bytes.
 */
const Seed = z.object({
  reader: z.string(),
  why: z.string(),
  text: z.string().optional(),
  base64: z.string().optional(),
  repeat: z.string().default(""),
  times: z.number().default(0),
  latin1: z.boolean().default(false),
});

/** Every input that once was a finding. */
export function seeds(): { reader: string; why: string; input: Buffer }[] {
  return z
    .array(Seed)
    .parse(JSON.parse(readFileSync(join(import.meta.dirname, "seeds.json"), "utf8")))
    .map(({ reader, why, text = "", base64, repeat, times, latin1 }) => ({
      reader,
      why,
      input:
        base64 !== undefined
          ? Buffer.from(base64, "base64")
          : Buffer.from(times > 0 ? text.replace("@", () => repeat.repeat(times)) : text, latin1 ? "latin1" : "utf8"),
    }));
}

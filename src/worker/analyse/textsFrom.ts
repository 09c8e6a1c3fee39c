import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import * as z from "zod";

/** Reads the texts that a job gets on its standard input, as a JSON list. */
export const textsFrom = async (input: Readable): Promise<string[]> =>
  z.array(z.string()).parse(JSON.parse(await text(input)));

import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import * as z from "zod";

/** The texts that a job is given on its input: a JSON list. */
export const textsFrom = async (input: Readable): Promise<string[]> =>
  z.array(z.string()).parse(JSON.parse(await text(input)));

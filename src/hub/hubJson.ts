import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type * as z from "zod";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { hubRequest, type HubPlace } from "./hubRequest.ts";

/** The largest answer in bytes: a faulty server could send without end. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Reads the text of a response of limited size. Returns undefined if the connection breaks.
 * @throws UserError when the response is too long
 */
async function bodyOf(
  response: Response,
  { place, url }: { place: HubPlace; url: string },
): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  const body = response.body === null ? [] : Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  let length = 0;
  try {
    for await (const part of body as AsyncIterable<Uint8Array>) {
      if ((length += part.length) > MOST_BYTES)
        throw new UserError(
          "hub-answer-too-large",
          phrase`${url} answered with more than ${MOST_BYTES} bytes`,
          phrase`Check HF_ENDPOINT.`,
        );
      parts.push(part);
    }
  } catch (error) {
    if (place.signal.aborted || error instanceof UserError) throw error;
    return undefined;
  }
  return Buffer.concat(parts).toString("utf8");
}

const parsed = (text: string | undefined): unknown => {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * The JSON of an answer of the Hub, and the address of its next page if there is one.
 * @throws UserError when the Hub cannot be reached, or does not answer as the Hub does
 */
export async function hubJson<T>(
  place: HubPlace,
  url: string,
  schema: z.ZodType<T>,
): Promise<{ value: T; next: string | undefined }> {
  const response = await hubRequest(place, url);
  const answer = schema.safeParse(parsed(await bodyOf(response, { place, url })));
  if (!answer.success)
    throw new UserError(
      "hub-answer-malformed",
      phrase`${url} did not answer as the Hub does: ${answer.error.issues[0]?.path.join(".") ?? ""} ${answer.error.issues[0]?.message ?? ""}`,
      phrase`Check HF_ENDPOINT.`,
    );
  const link = /<([^>]+)>\s*;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  return {
    value: answer.data,
    next: link !== undefined && URL.canParse(link, url) ? new URL(link, url).href : undefined,
  };
}

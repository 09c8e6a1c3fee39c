import { setTimeout as wait } from "node:timers/promises";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";

/** How to reach the Hub. */
export interface HubPlace {
  /** The URL of the Hub, without a slash at the end. */
  endpoint: string;
  /** The access token, if there is one. */
  token: string | undefined;
  /** Aborts the requests. */
  signal: AbortSignal;
  /** Milliseconds before the second attempt; doubled before each further one. Default 1000. */
  pause?: number;
}

const ATTEMPTS = 5;
const REDIRECTS = 5;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** Reads the Hub's URL and token from HF_ENDPOINT and HF_TOKEN, as Hugging Face's own tools do. */
export const hubPlace = (signal: AbortSignal, environment: NodeJS.ProcessEnv): HubPlace => ({
  endpoint: (environment["HF_ENDPOINT"] ?? "https://huggingface.co").replace(/\/+$/, ""),
  token: environment["HF_TOKEN"],
  signal,
});

/** Sends one request and follows redirects. The token is sent only to the endpoint's own origin. */
async function once(
  { endpoint, token, signal }: HubPlace,
  url: string,
  headers: Record<string, string>,
): Promise<Response> {
  let at = new URL(url);
  for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
    if (at.protocol !== "https:" && at.protocol !== "http:") break;
    const known = token !== undefined && token !== "" && at.origin === new URL(endpoint).origin;
    const response = await fetch(at, {
      redirect: "manual",
      signal,
      headers: { ...headers, ...(known && { authorization: `Bearer ${token}` }) },
    });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || response.status === 304 || location === null)
      return response;
    await response.body?.cancel();
    at = new URL(location, at);
  }
  throw new UserError("hub-redirects-endless", phrase`${url} leads from one address to the next without end`);
}

function explain(status: number, url: string, token: string | undefined): UserError {
  if (status === 401 || status === 403)
    return new UserError(
      "hub-not-open",
      phrase`${url} is not open to everybody (status ${status})`,
      token === undefined
        ? phrase`Accept its terms on the Hub, and set HF_TOKEN.`
        : phrase`Accept its terms on the Hub; HF_TOKEN does not open it.`,
    );
  if (status === 404)
    return new UserError(
      "hub-not-found",
      phrase`${url} does not exist (status 404)`,
      phrase`Check the name, owner/name, and the revision; a dataset needs --dataset.`,
    );
  return new UserError(
    "hub-answer-refused",
    phrase`${url} answered with status ${status}`,
    phrase`Try again later; what was loaded is kept.`,
  );
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  return Number.isFinite(seconds) ? Math.min(1000 * seconds, LONGEST_PAUSE) : undefined;
}

/**
 * Sends a request to the Hub. Repeats it after a pause if the network or the server fails.
 * @returns a response with status 2xx or 416
 * @throws UserError when repeating does not help
 * @throws the signal's reason when it is aborted
 */
export async function hubRequest(
  place: HubPlace,
  url: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  for (let attempt = 1, pause = place.pause ?? FIRST_PAUSE; ; attempt++, pause *= 2) {
    let response: Response | undefined;
    let cause = "";
    try {
      response = await once(place, url, headers);
    } catch (error) {
      if (place.signal.aborted || error instanceof UserError) throw error;
      cause = [(error as Error).message, ((error as Error).cause as Error | undefined)?.message]
        .filter(Boolean)
        .join(": ");
    }
    if (response?.ok === true || response?.status === 416) return response;
    if (response !== undefined && response.status !== 429 && response.status < 500)
      throw explain(response.status, url, place.token);
    if (attempt === ATTEMPTS)
      throw response === undefined
        ? new UserError(
            "hub-not-reachable",
            phrase`${url} cannot be reached: ${cause}`,
            phrase`Check the network and HF_ENDPOINT; what was loaded is kept.`,
          )
        : explain(response.status, url, place.token);
    await response?.body?.cancel();
    await wait((response && retryAfter(response)) ?? pause, undefined, { signal: place.signal });
  }
}

import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";

/** How to reach a tracking server of MLflow. */
export interface MlflowPlace {
  /** Its address, without a slash at the end. */
  address: string;
  /** The header of that name, if the server wants one. */
  authorization: string | undefined;
  /** Ends a request that is under way. */
  signal: AbortSignal;
  /** Milliseconds that an answer may take. */
  patience?: number;
}

const PATIENCE = 30_000;
/** The largest answer in bytes: a faulty server could send without end. */
const MOST_BYTES = 64 * 1024 * 1024;
const API = "api/2.0/mlflow";
const ARTIFACTS = "api/2.0/mlflow-artifacts/artifacts";

/**
 * A tracking server with what MLflow's own variables say of it.
 * @param address as `serverAddress` gives it
 * @throws UserError where the token is none that a header can have
 */
export function mlflowPlace(address: string, environment: NodeJS.ProcessEnv, signal: AbortSignal): MlflowPlace {
  const of = (name: string): string | undefined => environment[name] || undefined;
  const token = of("MLFLOW_TRACKING_TOKEN")?.trim();
  const name = of("MLFLOW_TRACKING_USERNAME");
  const password = of("MLFLOW_TRACKING_PASSWORD") ?? "";
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new UserError(
      "mlflow-token-malformed",
      phrase`MLFLOW_TRACKING_TOKEN has signs that no token has`,
      phrase`Set it to the token alone.`,
    );
  const basic = name === undefined ? undefined : `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
  // MLflow's own client prefers the name.
  return { address, authorization: basic ?? (token === undefined ? undefined : `Bearer ${token}`), signal };
}

/** One question to a server. */
export interface MlflowQuestion {
  /** Such as "runs/search". */
  path: string;
  /** What is asked by GET, as the address's query. */
  query?: Readonly<Record<string, string>>;
  /** What is asked by POST. */
  body?: object;
}

/** What a server answered. */
interface Answer {
  status: number;
  text: string;
}

const hostOf = ({ address }: MlflowPlace): string => new URL(address).host;

async function bodyText(response: Response, place: MlflowPlace): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const body = response.body === null ? [] : Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  for await (const part of body as AsyncIterable<Uint8Array>) {
    if ((length += part.length) > MOST_BYTES)
      throw new UserError(
        "mlflow-answer-too-large",
        phrase`${hostOf(place)} answered with more than ${MOST_BYTES} bytes`,
        phrase`Check that it is the address of an MLflow tracking server.`,
      );
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

const causeText = (error: unknown): string =>
  [(error as Error).message, ((error as Error).cause as Error | undefined)?.message].filter(Boolean).join(": ");

/** Sends a request to the named host and to no other: an answer that leads elsewhere is not followed. */
async function sent(place: MlflowPlace, url: string, init: RequestInit): Promise<Answer> {
  const patience = place.patience ?? PATIENCE;
  const late = AbortSignal.timeout(patience);
  try {
    const response = await fetch(url, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.any([place.signal, late]),
      headers: {
        "content-type": "application/json",
        ...(place.authorization !== undefined && { authorization: place.authorization }),
      },
    });
    return { status: response.status, text: await bodyText(response, place) };
  } catch (error) {
    if (place.signal.aborted || error instanceof UserError) throw error;
    throw new UserError(
      "mlflow-not-reachable",
      late.aborted
        ? phrase`The MLflow server ${place.address} did not answer within ${Math.round(patience / 1000)} s`
        : phrase`The MLflow server ${place.address} cannot be reached: ${causeText(error)}`,
      phrase`Check that it runs and that its address is right, then export again: nothing is there twice.`,
    );
  }
}

/** The value of a text of JSON, or undefined. */
function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The error of an answer that is none of MLflow's own, or refuses who asks. */
function explained(place: MlflowPlace, { path }: MlflowQuestion, { status, text }: Answer): UserError {
  const answer = parsed(text);
  const code = answer?.["error_code"];
  const why = answer?.["message"] ?? code;
  if (status === 401 || status === 403)
    return new UserError(
      "mlflow-not-open",
      phrase`The MLflow server ${place.address} does not let you in (status ${status})`,
      phrase`Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.`,
    );
  if (status >= 300 && status < 400)
    return new UserError(
      "mlflow-elsewhere",
      phrase`${place.address} sends to another address (status ${status}), which was not named`,
      phrase`Name the address that it sends to.`,
    );
  if (code === "ENDPOINT_NOT_FOUND" || (status === 404 && answer === undefined && path !== FIRST_PATH))
    return new UserError(
      "mlflow-too-old",
      phrase`The MLflow server ${place.address} does not know ${path}`,
      phrase`MLflow 2 or later is needed.`,
    );
  if (typeof code !== "string" && status < 500)
    return new UserError(
      "mlflow-unknown",
      phrase`${place.address} does not answer as an MLflow tracking server does (status ${status})`,
      phrase`Check the address; a server behind a path wants it whole, such as https://host/mlflow.`,
    );
  return new UserError(
    "mlflow-refused",
    phrase`The MLflow server ${place.address} refused ${path} (status ${status}): ${typeof why === "string" ? why : text.slice(0, 300)}`,
    phrase`See what the server's log says.`,
  );
}

/** What is asked first of every server. */
export const FIRST_PATH = "experiments/get-by-name";

/**
 * Asks a server.
 * @param known codes of errors that the caller knows to handle, such as RESOURCE_DOES_NOT_EXIST
 * @returns the answer, or the code of a known error
 * @throws UserError when it cannot be reached, refuses, or is no tracking server
 */
export async function askMlflow(
  place: MlflowPlace,
  question: MlflowQuestion,
  ...known: readonly string[]
): Promise<Readonly<Record<string, unknown>> | string> {
  const { path, query, body } = question;
  const url = `${place.address}/${API}/${path}${query === undefined ? "" : `?${new URLSearchParams(query).toString()}`}`;
  const answer = await sent(
    place,
    url,
    body === undefined ? { method: "GET" } : { method: "POST", body: JSON.stringify(body) },
  );
  const value = parsed(answer.text);
  const code = value?.["error_code"];
  if (typeof code === "string" && known.includes(code)) return code;
  if (answer.status !== 200 || value === undefined) throw explained(place, question, answer);
  return value;
}

/** Puts a file among a run's artifacts, by way of the server. @param path in the server's artifacts */
export async function putArtifact(place: MlflowPlace, path: string, content: string): Promise<void> {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const answer = await sent(place, `${place.address}/${ARTIFACTS}/${encoded}`, { method: "PUT", body: content });
  if (answer.status !== 200) throw explained(place, { path: "artifacts" }, answer);
}

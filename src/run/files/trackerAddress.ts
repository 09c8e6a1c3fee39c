import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";

const ADDRESS = /^[a-z][a-z0-9+.-]+:\/\//i;

/** Whether a place is the address of a server. */
export const isAddress = (place: string): boolean => ADDRESS.test(place);

/**
 * The address of MLflow's tracking server, without a slash at its end.
 * @throws UserError where it is no http(s) address, or has a password, which would be written into files
 */
export function serverAddress(place: string): string {
  const url = URL.canParse(place) ? new URL(place) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    throw new UserError(
      "tracker-address-unknown",
      phrase`${place} is neither a folder nor an http or https address`,
      phrase`Name a folder, or the address of an MLflow tracking server such as http://localhost:5000.`,
    );
  if (url.username !== "" || url.password !== "")
    throw new UserError(
      "tracker-address-with-password",
      phrase`The address of ${url.host} has a name or password in it, which would be kept in files`,
      phrase`Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.`,
    );
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

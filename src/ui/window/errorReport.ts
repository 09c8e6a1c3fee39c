import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { explain } from "../../base/text/explain.ts";
import { localisedError } from "./localised.ts";
import { withoutLinks } from "./plainText.ts";

/**
 * Reports errors to the user: the message of an error that the user can act on, and any other error as a bug with a
 * reference to the log.
 */
export class ErrorReport {
  constructor(private readonly log: vscode.LogOutputChannel) {}

  async report(error: unknown): Promise<void> {
    if (error instanceof UserError) {
      const text = localisedError(error);
      // The log is in English, so that it can be searched for the message.
      this.log.warn(explain(error.message, error.action));
      await vscode.window.showErrorMessage(withoutLinks(text));
      return;
    }
    const code = randomUUID().slice(0, 8);
    this.log.error(code, error instanceof Error ? error : String(error));
    const show = vscode.l10n.t("Show Log");
    if (
      (await vscode.window.showErrorMessage(vscode.l10n.t("ADePT met an unexpected error ({0}).", code), show)) === show
    )
      this.log.show();
  }
}

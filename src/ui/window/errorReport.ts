import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { explain } from "../../base/text/explain.ts";
import { localisedError } from "./localised.ts";
import { withoutLinks } from "./plainText.ts";

/**
 * What went wrong, where it is seen: an obstacle the user can act on in words, anything else as a bug with its place in
 * the log.
 */
export class ErrorReport {
  constructor(private readonly log: vscode.LogOutputChannel) {}

  async report(error: unknown): Promise<void> {
    if (error instanceof UserError) {
      const text = localisedError(error);
      // The log keeps the words that it is searched for by.
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

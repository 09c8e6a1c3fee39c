import * as vscode from "vscode";
import { withoutIcons, withoutLinks } from "./plainText.ts";

/** Time in ms after which a wait gets a notification with a Cancel button. */
const NOTIFY_AFTER_MS = 5000;

/**
 * Waits for work that is usually short. Shows the title in the status bar at first, and after a few seconds in a
 * notification that can be cancelled.
 * @param title what is waited for
 * @param work may heed the signal; its result is dropped once cancelled
 * @returns undefined if the user cancelled
 */
export async function cancellableWait<T>(
  title: string,
  work: (signal: AbortSignal) => Promise<T>,
  notifyAfterMs = NOTIFY_AFTER_MS,
): Promise<T | undefined> {
  const shownTitle = withoutIcons(withoutLinks(title));
  const abort = new AbortController();
  const cancelled = new Promise<undefined>((resolve) => {
    abort.signal.addEventListener(
      "abort",
      () => {
        resolve(undefined);
      },
      { once: true },
    );
  });
  const result = Promise.race([work(abort.signal), cancelled]);
  const settled = result.then(
    () => undefined,
    () => undefined,
  );
  void vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: shownTitle }, () => settled);
  const timer = setTimeout(() => {
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, cancellable: true, title: shownTitle },
      (_, token) => {
        token.onCancellationRequested(() => {
          abort.abort();
        });
        return settled;
      },
    );
  }, notifyAfterMs);
  try {
    return await result;
  } finally {
    clearTimeout(timer);
  }
}

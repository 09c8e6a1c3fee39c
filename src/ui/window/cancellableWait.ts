import * as vscode from "vscode";
import { withoutIcons, withoutLinks } from "./plainText.ts";

/** So long (ms) a wait is shown in the status bar alone; then it can be left. */
const LONG = 5000;

/**
 * Waits with the user: shown in the status bar at first, with Cancel once it lasts.
 * @param given what is waited for
 * @param work heeds the signal where it can; what comes after it is dropped
 * @returns undefined where it was cancelled
 */
export async function cancellableWait<T>(
  given: string,
  work: (signal: AbortSignal) => Promise<T>,
  long = LONG,
): Promise<T | undefined> {
  const title = withoutIcons(withoutLinks(given));
  const abort = new AbortController();
  const left = new Promise<undefined>((resolve) => {
    abort.signal.addEventListener(
      "abort",
      () => {
        resolve(undefined);
      },
      { once: true },
    );
  });
  const result = Promise.race([work(abort.signal), left]);
  const over = result.then(
    () => undefined,
    () => undefined,
  );
  void vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () => over);
  const timer = setTimeout(() => {
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, cancellable: true, title },
      (_, token) => {
        token.onCancellationRequested(() => {
          abort.abort();
        });
        return over;
      },
    );
  }, long);
  try {
    return await result;
  } finally {
    clearTimeout(timer);
  }
}

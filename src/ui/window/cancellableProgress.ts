import * as vscode from "vscode";

/**
 * Runs long work, such as a transfer to a git remote, with a notification that can be cancelled.
 * @returns undefined if the user cancelled
 */
export function cancellableProgress<T>(
  title: string,
  work: (signal: AbortSignal) => Promise<T>,
): Thenable<T | undefined> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, cancellable: true, title },
    async (_, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => {
        abort.abort();
      });
      try {
        return await work(abort.signal);
      } catch (error) {
        if (!abort.signal.aborted) throw error;
        return undefined;
      }
    },
  );
}

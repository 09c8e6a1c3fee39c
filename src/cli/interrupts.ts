/** Aborts a signal at the first SIGINT or SIGTERM. @returns the signal, and how to stop listening */
export function abortOnInterrupt(): { signal: AbortSignal; ignore: () => void } {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  process.once("SIGINT", abort).once("SIGTERM", abort);
  return {
    signal: controller.signal,
    ignore: () => {
      process.off("SIGINT", abort).off("SIGTERM", abort);
    },
  };
}

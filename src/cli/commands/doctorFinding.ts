/** One line of `adept doctor`; `fix`: the command that helps. */
export interface Finding {
  what: string;
  ok: boolean;
  detail: string;
  fix?: string | undefined;
  device?: string;
  name?: string;
  milliseconds?: number;
}

/** Returns what `look` finds. If it throws, returns a finding with the error's first line. */
export async function attempt(what: string, fix: string, look: () => string | Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, detail: await look() };
  } catch (error) {
    return {
      what,
      ok: false,
      detail: (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "",
      fix,
    };
  }
}

import * as z from "zod";

const Report = z.object({
  metadata: z.object({ vulnerabilities: z.record(z.string(), z.number()).and(z.object({ total: z.number() })) }),
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string() })).optional(),
});
const Refusal = z.object({ message: z.string(), statusCode: z.number().optional(), code: z.string().optional() });
/** What a registry without audits, or a machine without one, answers. */
const NONE = /^(ENOAUDIT|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)$/;

/** `ok`: nothing is known against the packages, or nobody could be asked; the text says which. */
export interface Verdict {
  readonly ok: boolean;
  readonly text: string;
}

/**
 * What `npm audit --omit=dev --json` has found, by its output and how it ended; what is neither clean nor plainly "no
 * audit to be had" is not ok.
 */
export function verdictOf(output: string, status: number | null): Verdict {
  let json: unknown;
  try {
    json = JSON.parse(output);
  } catch {
    return {
      ok: false,
      text: `npm audit ended with ${String(status)} and said nothing that can be read: ${output.slice(0, 200)}`,
    };
  }
  const report = Report.safeParse(json);
  if (report.success) {
    const {
      metadata: {
        vulnerabilities: { total },
      },
      vulnerabilities = {},
    } = report.data;
    if (total === 0 && status === 0)
      return { ok: true, text: "Production packages are clean: npm knows of no vulnerability." };
    return {
      ok: false,
      text: `Production packages have ${total} vulnerabilities: ${Object.entries(vulnerabilities)
        .map(([name, { severity }]) => `${name} (${severity})`)
        .join(", ")}`,
    };
  }
  const refusal = Refusal.safeParse(json).data;
  const { statusCode = 0, code = "" } = refusal ?? {};
  // Addresses are left out: a log may be seen elsewhere.
  const said = (refusal?.message ?? output.slice(0, 200)).replace(/\s*-?\s*(GET|POST)?\s*https?:\S+/g, "");
  const missing =
    statusCode === 404 ||
    statusCode === 405 ||
    statusCode >= 500 ||
    NONE.test(code) ||
    /audit endpoint|\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT)\b/.test(said);
  return missing
    ? {
        ok: true,
        text: `Production packages were NOT audited: the registry's audit endpoint is unavailable (${said.trim()}).`,
      }
    : { ok: false, text: `npm audit failed: ${said.trim()}` };
}

import * as z from "zod";

const RUN = "\\d{8}-\\d{6}-[0-9a-z]{4}";

/** A run's id: YYYYMMDD-HHMMSS-xxxx. */
export const RunId = z.string().regex(new RegExp(`^${RUN}$`));

/**
 * A commit by its whole name, SHA-1 or SHA-256. Journals come from other people: anything else in its place could be an
 * option to git.
 */
export const CommitId = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);

export const RunRef = z.string().regex(new RegExp(`^refs/adept/runs/${RUN}$`));

/**
 * What git keeps its own things under, as file systems read it that know no case, drop dots and spaces at an end, or
 * have short names.
 */
const GITS = /^(\.git[. ]*|git~\d+)$/i;

/** A path inside a repository, with /: it does not lead out of it, nor into what is git's own. */
export const InnerPath = z
  .string()
  .refine(
    (path) =>
      !/^[A-Za-z]:/.test(path) &&
      path.split(/[\\/]/).every((part) => part !== "" && part !== "." && part !== ".." && !GITS.test(part)),
  );

import * as z from "zod";

const RUN = "\\d{8}-\\d{6}-[0-9a-z]{4}";

/** A run's id: YYYYMMDD-HHMMSS-xxxx. */
export const RunId = z.string().regex(new RegExp(`^${RUN}$`));

/**
 * A commit's full id, SHA-1 or SHA-256. Journals can come from other people: any other text in its place could be read
 * as an option by git.
 */
export const CommitId = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);

/** The git ref of a run. */
export const RunRef = z.string().regex(new RegExp(`^refs/adept/runs/${RUN}$`));

/**
 * Names that file systems may resolve to .git: without regard to case, with dots or spaces at the end, or as a short
 * name (git~1).
 */
const GITS = /^(\.git[. ]*|git~\d+)$/i;

/** A relative path inside a repository, separated by /. It leads neither out of the repository nor into .git. */
export const InnerPath = z
  .string()
  .refine(
    (path) =>
      !/^[A-Za-z]:/.test(path) &&
      path.split(/[\\/]/).every((part) => part !== "" && part !== "." && part !== ".." && !GITS.test(part)),
  );

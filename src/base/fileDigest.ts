import * as z from "zod";

/** What a file holds, by its SHA-256. */
export const FileDigest = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().nonnegative(),
});
export type FileDigest = z.infer<typeof FileDigest>;

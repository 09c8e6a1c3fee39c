import * as z from "zod";

/** Identifies a file's content: its SHA-256 in hexadecimal, and its size in bytes. */
export const FileDigest = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().nonnegative(),
});
export type FileDigest = z.infer<typeof FileDigest>;

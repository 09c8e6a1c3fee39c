// git tells what went wrong by its exit code (1, 128) and in prose. Nothing but these words tells one failure from
// another, so they are looked for here and nowhere else; gitProcess runs git with LC_ALL=C, so that they are English.

const words =
  (pattern: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Error && pattern.test(error.message);

/** The system forbids git to write; where a remote refuses, git says more in brackets. */
export const saysNotPermitted = words(/read-only file system|permission denied(?! \()/i);
/** Git knows nobody to name as the author of a commit. */
export const saysNoIdentity = words(/identity|tell me who you are|empty ident|user\.(name|email)/i);
/** Another process holds the lock file of a ref. */
export const saysRefLocked = words(/unable to create|cannot lock ref.*File exists/is);
/** Another process has moved a ref meanwhile. */
export const saysRefMoved = words(/cannot lock ref.* but expected/is);
/** A file to be added is no longer there. */
export const saysFileGone = words(/did not match any files|No such file or directory|unable to stat/i);
/** The filter of a file's attributes (such as git LFS) fails. */
export const saysFilterFailed = words(/filter '?.*'? failed/i);
/** There is no repository around the folder. */
export const saysNoRepository = words(/not a git repository/i);
/** The disk is full; some of git's messages of a full disk do not say so. */
export const saysDiskFull = words(/no space left|out of diskspace|quota exceeded/i);

import { phrase, type Phrase } from "../../base/phrase.ts";
import type { InputDigest } from "../../record/events.ts";

/** Why a commit does not hold an input file's bytes in their place. */
const WHY: Readonly<Record<NonNullable<InputDigest["why"]>, Phrase>> = {
  converted: phrase`git converts its line ends, encoding or $Id$`,
  filtered: phrase`a filter of .gitattributes changes it`,
  unseen: phrase`git is told to take it as unchanged`,
  link: phrase`a symbolic link leads to it, out of the repository`,
  untracked: phrase`git ignores it, or it is large`,
  outside: phrase`it is outside the repository`,
  large: phrase`it is too large, or the disk too full`,
  secret: phrase`may hold a secret`,
  many: phrase`of very many or very large files, only names and sizes are recorded`,
};

/** Says why a commit does not hold an input file's bytes in their place; undefined if it does. */
export const whyText = ({ why }: InputDigest): Phrase | undefined => (why === undefined ? undefined : WHY[why]);

/** Names an input file that is kept nowhere, with its digest. */
export const notKeptText = (path: string, content: InputDigest): Phrase =>
  phrase`${path} (${whyText(content) ?? ""}; SHA-256 ${content.sha256})`;

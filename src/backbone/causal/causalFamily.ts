import type { Family } from "../family.ts";
import { causalFoldedReadme } from "./foldedReadme.ts";

/** What a decoder-only family says of itself. */
export interface CausalFamilyParts extends Pick<Family, "modelTypes" | "read"> {
  /** The class of transformers that loads such a model. */
  modelClass: string;
}

/** A decoder-only family; what all of them share is said here. */
export const causalFamily = ({ modelTypes, read, modelClass }: CausalFamilyParts): Family => ({
  modelTypes,
  read,
  foldedReadme: causalFoldedReadme(modelClass),
});

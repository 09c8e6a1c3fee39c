import { FAMILIES } from "./families.ts";

/** The values of `model_type` that users can choose. */
export const offeredTypes = (): string[] => FAMILIES.flatMap(({ modelTypes }) => modelTypes);

import type { MethodSpec } from "../experiment/experiment.ts";
import { adept } from "./adept.ts";
import type { Method } from "./method.ts";
import { promptTuning } from "./promptTuning.ts";

/** Every method by its kind. */
export const METHODS: { [K in MethodSpec["kind"]]: Method } = { adept, pt: promptTuning };

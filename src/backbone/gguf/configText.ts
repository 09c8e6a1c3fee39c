import type { ConfigJson } from "./ggufArchitecture.ts";

/** The keys whose value must look like a decimal: transformers 5 refuses 50 where it wants 50.0. */
const DECIMALS = ["attn_logit_softcapping", "final_logit_softcapping", "rotary_pct"];
/** A line with such a key of the config itself and a whole number. */
const WHOLE = new RegExp(`^( {2}"(?:${DECIMALS.join("|")})": -?\\d+)(?=,?$)`, "gm");

/** The text of the config.json file of a config: what transformers takes too. */
export const configText = (config: ConfigJson): string => `${JSON.stringify(config, null, 2).replace(WHOLE, "$1.0")}\n`;

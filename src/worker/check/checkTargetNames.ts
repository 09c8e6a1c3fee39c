import type { BackboneLayout } from "../../backbone/layout.ts";
import { phrase } from "../../base/phrase.ts";
import { nearestNames } from "../../base/text/nearestName.ts";
import type { MethodSpec } from "../../method/methodSpec.ts";
import { methodOf } from "../../method/registry.ts";
import { isTarget, lastPart } from "../../method/target.ts";
import type { Locate } from "./checkData.ts";
import type { ExperimentText } from "./experimentText.ts";

/** The most names that are offered instead of one that the backbone lacks. */
const MOST_OFFERED = 4;

/**
 * Reports each layer that a method names and the backbone lacks, at its place in the list or the table.
 * @returns whether there is one
 */
export function checkTargetNames(
  text: ExperimentText,
  method: MethodSpec,
  layout: BackboneLayout,
  at: Locate,
): boolean {
  const own = layout.linears.map(({ module }) => module);
  const parts = [...new Set(own.map((module) => lastPart(module)))];
  let lacks = false;
  for (const [key, names] of Object.entries(methodOf(method.kind).targets?.(method, layout) ?? {}))
    for (const [i, name] of names.entries()) {
      if (own.some((module) => isTarget(module, [name]))) continue;
      lacks = true;
      const list = at(["method", key]);
      // A list has the name as a value, a table has it as a key.
      const isKey = text.has([...list, name]);
      const place =
        [
          [...list, i],
          [...list, name],
        ].find((each) => text.has(each)) ?? list;
      const near = nearestNames(lastPart(name), parts);
      const offered = [...new Set([...near, ...parts])].filter((each) => !names.includes(each));
      text.tell(place, {
        code: "unknown-target",
        message: phrase`This backbone has no linear layer "${name}"; its layers are ${parts.join(", ")}.`,
        fixes: [
          ...offered
            .slice(0, MOST_OFFERED)
            .flatMap((each) => (isKey ? text.rename(place, each) : text.replace(place, each))),
          ...(names.length > 1 ? [] : text.remove(list)),
        ],
      });
    }
  return lacks;
}

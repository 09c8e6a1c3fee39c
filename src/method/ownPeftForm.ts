import * as z from "zod";
import type { AnySpec, Sizes } from "./trained.ts";
import { size, type PeftForm } from "./peftForm.ts";

/** The two keys that a file of ADePT Lab's own type has for sizes. */
type Place = "num_virtual_tokens" | "bottleneck";

/**
 * The folder of a method that PEFT lacks or stores in another form: a type of ADePT Lab's own, the options under
 * `method`, the tensors by their own names. The file always has both keys of sizes, 0 where the method has no such
 * size.
 * @param places the key in the file of each size
 */
export function ownPeftForm<Spec extends AnySpec, Size extends string>(
  type: string,
  { kind, schema }: { kind: Spec["kind"]; schema: z.ZodType<Spec> },
  places: Readonly<Record<Size, Place>>,
): PeftForm<Spec, Sizes<Size>> {
  const config = z.object({
    peft_type: z.literal(type),
    num_virtual_tokens: size.default(0),
    bottleneck: size.default(0),
    method: schema.optional(),
  });
  const names = Object.keys(places) as Size[];
  return {
    config,
    write({ source: _, ...spec }, sizes, { shared, layout }) {
      const at = (place: Place): number => {
        const name = names.find((each) => places[each] === place);
        return name === undefined ? 0 : sizes[name];
      };
      return {
        peft_type: type,
        ...shared,
        num_virtual_tokens: at("num_virtual_tokens"),
        bottleneck: at("bottleneck"),
        token_dim: layout.width,
        num_transformer_submodules: 1,
        method: spec,
      };
    },
    read(given) {
      const { method, ...file } = given as Record<Place, number> & { method: Spec | undefined };
      return { spec: method ?? schema.parse({ kind }), sizes: sizesOf(places, file) };
    },
    storedName: (name) => name,
  };
}

const sizesOf = <Size extends string>(
  places: Readonly<Record<Size, Place>>,
  file: Readonly<Record<Place, number>>,
): Sizes<Size> =>
  Object.fromEntries(Object.entries<Place>(places).map(([name, place]) => [name, file[place]])) as Sizes<Size>;

import fc from "fast-check";
import { LONGEST } from "./changeBytes.ts";
import type { Random } from "./random.ts";

/** Names and values that a batch of inputs draws from. */
export interface Pool {
  values: readonly unknown[];
  names: readonly string[];
}

/** A placeholder for the key "__proto__", which no object literal can have. */
const PROTO = "\u0001proto";
const EVIL: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  1e308,
  -1e308,
  2 ** 53,
  2 ** 31,
  4_000_000_000,
  "",
  "\u001b]0;x\u0007",
  "<img src=x onerror=alert(1)>",
  "../../../etc/passwd",
  "/etc/passwd",
  "C:\\x",
  "\0",
  "\u202e",
  "constructor",
  PROTO,
  "a".repeat(20_000),
  [],
  {},
  [[]],
  { [PROTO]: { polluted: true } },
  { constructor: { prototype: { polluted: true } } },
  Array.from({ length: 3000 }, (_, i) => i),
  Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, i])),
];

/** Values of every shape, by fast-check: the same seed gives the same. */
export function poolOf(seed: number): Pool {
  const strings = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.constantFrom("__proto__", "constructor", "toString", "kind", "type", "name", "path", "size", "id"),
  );
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
    strings,
    fc.array(fc.nat(), { maxLength: 9 }),
    fc.dictionary(strings, fc.oneof(fc.nat(), strings), { maxKeys: 5 }),
  );
  return { values: fc.sample(value, { seed, numRuns: 250 }), names: fc.sample(strings, { seed, numRuns: 100 }) };
}

type Holder = Record<string, unknown>;
const isHolder = (value: unknown): value is Holder => typeof value === "object" && value !== null;

/** Lists every place inside a value that can be changed. */
function placesOf(value: unknown, found: { holder: Holder; key: string }[] = []): { holder: Holder; key: string }[] {
  if (isHolder(value))
    for (const key of Object.keys(value)) {
      found.push({ holder: value, key });
      placesOf(value[key], found);
    }
  return found;
}

function nested(value: unknown, depth: number, random: Random): string {
  const open = random.one(["[", '{"a":', '{"method":', '{"__proto__":']);
  return open.repeat(depth) + JSON.stringify(value) + (open === "[" ? "]" : "}").repeat(depth);
}

function changeOne(root: Holder, random: Random, pool: Pool, others: readonly unknown[]): void {
  const places = placesOf(root);
  const { holder, key } = places.length > 0 ? random.one(places) : { holder: root, key: "x" };
  switch (random.below(7)) {
    case 0:
      holder[key] = structuredClone(random.one(pool.values));
      break;
    case 1:
      holder[key] = structuredClone(random.one(EVIL));
      break;
    case 2:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else Reflect.deleteProperty(holder, key);
      break;
    case 3:
      if (Array.isArray(holder)) holder.push(structuredClone(random.one(pool.values)));
      else
        holder[random.chance(0.3) ? PROTO : random.one(pool.names)] = structuredClone(
          random.chance(0.5) ? holder[key] : random.one(pool.values),
        );
      break;
    case 4:
      if (places.length > 0) holder[key] = structuredClone(random.one(places).holder);
      break;
    case 5: {
      const other = placesOf(random.one(others));
      if (other.length > 0) {
        const from = random.one(other);
        holder[key] = structuredClone(from.holder[from.key]);
      }
      break;
    }
    case 6:
      holder[key] = { "\u0001nest": random.one([2, 10, 60, 500, 5000, 30_000]) };
      break;
  }
}

/** JSON with some of its values changed; keys that objects have by nature and nests of any depth too. */
export function changeValues(input: unknown, random: Random, pool: Pool, others: readonly unknown[]): Buffer {
  if (random.chance(0.02)) return Buffer.from(JSON.stringify(random.one(pool.values)) ?? "");
  const root: unknown = structuredClone(input);
  if (!isHolder(root)) return Buffer.from(JSON.stringify(random.one(pool.values)) ?? "");
  for (let left = random.chance(0.5) ? 1 : 1 + random.below(4); left > 0; left--) changeOne(root, random, pool, others);
  const text = JSON.stringify(root).replaceAll('"\\u0001proto"', '"__proto__"');
  return Buffer.from(
    text
      .slice(0, LONGEST)
      .replace(/\{"\\u0001nest":(\d+)\}/g, (_, depth: string) => nested(1, Math.min(30_000, Number(depth)), random)),
  ).subarray(0, 4 * LONGEST);
}

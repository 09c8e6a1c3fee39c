import type { Random } from "../random.ts";

const ATOMS = [
  "messages",
  "m",
  "m.content",
  "m['role']",
  "messages[0]",
  "messages[-1]['content']",
  "messages[1:]",
  "messages[::-1]",
  "loop",
  "loop.index0",
  "loop.last",
  "loop.previtem",
  "bos_token",
  "eos_token",
  "add_generation_prompt",
  "tools",
  "undefined_name",
  "ns.x",
  "none",
  "true",
  "1",
  "-1",
  "999999999",
  "1.5",
  "'user'",
  "'<|im_start|>'",
  "'\\n'",
  "[]",
  "[1, 2]",
  "{'a': 1}",
  "range(5)",
  "range(99999999)",
  "namespace(x=1)",
  "dict(a=1)",
  "self",
  "m.constructor",
  "m.__proto__",
];
const OPERATORS = ["+", "-", "*", "~", "/", "//", "%", "**", "==", "!=", "<", "in", "not in", "and", "or", "is"];
const FILTERS = [
  "trim",
  "upper",
  "length",
  "tojson",
  "tojson(indent=2)",
  "join(',')",
  "first",
  "last",
  "list",
  "int",
  "string",
  "default('x')",
  "reverse",
  "sort",
  "map(attribute='role')",
  "selectattr('role', 'equalto', 'user')",
  "replace('a', 'aa')",
  "items",
  "indent(1000)",
  "unique",
  "safe",
];
const METHODS = [".strip()", ".split('a')", ".startswith('a')", ".upper()", ".items()", ".get('role')", ".append(1)"];
const TESTS = ["defined", "string", "mapping", "iterable", "none", "not none", "number", "odd"];

function expression(random: Random, depth: number): string {
  if (depth <= 0 || random.chance(0.3)) return random.one(ATOMS);
  const inner = (): string => expression(random, depth - 1);
  switch (random.below(7)) {
    case 0:
      return `${inner()} ${random.one(OPERATORS)} ${inner()}`;
    case 1:
      return `${inner()} | ${random.one(FILTERS)}`;
    case 2:
      return `(${inner()})${random.one(METHODS)}`;
    case 3:
      return `${inner()} is ${random.one(TESTS)}`;
    case 4:
      return `${inner()} if ${inner()} else ${inner()}`;
    case 5:
      return `(${inner()})[${inner()}]`;
    default:
      return random.one([`raise_exception(${inner()})`, `f(${inner()})`, `strftime_now('%Y')`, `not ${inner()}`]);
  }
}

function body(random: Random, depth: number): string {
  const statement = (): string => {
    const value = (): string => expression(random, 2);
    const inside = (): string => body(random, depth - 1);
    switch (random.below(depth > 0 ? 9 : 3)) {
      case 0:
        return `{{ ${value()} }}`;
      case 1:
        return random.one(["<|im_start|>", "\n", "{", "{#x#}", "}}", "text "]);
      case 2:
        return `{% set ${random.one(["x", "ns.x", "m", "messages"])} = ${value()} %}`;
      case 3:
      case 4:
        return `{%- for m in ${random.chance(0.7) ? "messages" : value()} -%}${inside()}{%- endfor -%}`;
      case 5:
      case 6:
        return `{% if ${value()} %}${inside()}{% elif ${value()} %}${inside()}{% else %}${inside()}{% endif %}`;
      case 7:
        return `{% macro f(t) %}${inside()}{{ t }}{% endmacro %}`;
      default:
        return random.one([
          `{% generation %}${inside()}{% endgeneration %}`,
          `{% raw %}${inside()}{% endraw %}`,
          "{% break %}",
        ]);
    }
  };
  return Array.from({ length: 1 + random.below(4) }, statement).join("");
}

/** A tokenizer config with a chat template, of the parts that published ones have, and of what Jinja can beside. */
export function makeTemplate(random: Random): Buffer {
  const template = `${random.chance(0.5) ? "{% set ns = namespace(x='a') %}{% set x = '' %}" : ""}${body(random, 3)}`;
  return Buffer.from(JSON.stringify({ chat_template: template, eos_token: "</s>", bos_token: "<s>" }));
}

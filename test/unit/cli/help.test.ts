import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parseOptions, type CliCommand } from "../../../src/cli/command.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { runCommand } from "../../../src/cli/runCommand.ts";
import { WrongUse } from "../../../src/cli/wrongUse.ts";

/** Every command by the words that call it, those of groups as "runs diff". */
const ALL: Record<string, CliCommand> = Object.fromEntries(
  Object.entries(COMMANDS).flatMap(([name, found]) =>
    "parts" in found
      ? Object.entries(found.parts).map(([part, each]) => [`${name} ${part}`, each] as const)
      : [[name, found] as const],
  ),
);

/** Runs a command line that prints before it waits for anything. @returns exit code and standard output */
async function printed(t: TestContext, ...args: string[]): Promise<{ code: number; text: string }> {
  let text = "";
  const write = t.mock.method(process.stdout, "write", (part: string) => {
    text += part;
    return true;
  });
  const code = runCommand(args);
  write.mock.restore();
  return { code: await code, text };
}

/** The words of a command line as a shell splits them, without a redirection. */
const shellWords = (line: string): string[] =>
  [...line.replace(/ < .*$/, "").matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");

test("--help of every command exits with 0 and names exactly the options that the command parses", async (t) => {
  for (const [name, command] of Object.entries(ALL)) {
    for (const args of [
      [...name.split(" "), "--help"],
      ["help", ...name.split(" ")],
      [...name.split(" "), "-h"],
    ]) {
      const { code, text } = await printed(t, ...args);
      assert.equal(code, 0, name);
      const named = [...text.matchAll(/^ {2}--([\w-]+)/gm)].map(([, option]) => option!);
      assert.deepEqual(named.sort(), Object.keys(command.options).sort(), name);
      assert.ok(text.startsWith(`adept ${name}: ${command.summary}\n\nUsage: adept ${name}`), text);
    }
    for (const [option, { type }] of Object.entries(command.options)) {
      const { values } = parseOptions([`--${option}`, ...(type === "string" ? ["1"] : [])], command);
      assert.ok(Object.hasOwn(values, option), `${name} --${option}`);
    }
  }
});

test("every example calls a command, with options and as many arguments as it takes", () => {
  for (const [name, command] of Object.entries(ALL)) {
    assert.ok(command.examples.length > 0 && !/[\n.]$/.test(command.summary), name);
    for (const example of command.examples) {
      const words = shellWords(example);
      // `compare` and `export` belong to `runs` too, and their examples use the short form.
      const own = name.split(" ").slice(words[1] === "runs" ? 0 : -1);
      const called = words[1] === name.split(" ")[0] ? name.split(" ") : own;
      assert.deepEqual(words.slice(0, 1 + called.length), ["adept", ...called], example);
      const { positionals } = parseOptions(words.slice(1 + called.length), command);
      const required = command.takes.split(" ").filter((each) => each !== "" && !each.startsWith("["));
      assert.ok(positionals.length >= required.length, example);
      for (const [option, { required: wanted }] of Object.entries(command.options))
        assert.ok(wanted !== true || words.includes(`--${option}`), `${example} lacks --${option}`);
    }
  }
});

test("the overview lists every command with one line, and a group lists its parts", async (t) => {
  const { code, text } = await printed(t, "--help");
  assert.equal(code, 0);
  assert.equal((await printed(t, "help")).text, text);
  assert.equal((await printed(t)).code, 2);
  for (const [name, { summary }] of Object.entries(COMMANDS))
    assert.match(text, new RegExp(`^ {2}${name} +${summary.slice(0, 20)}`, "m"));
  const runs = (await printed(t, "runs", "--help")).text;
  for (const name of Object.keys(ALL).filter((each) => each.startsWith("runs ")))
    assert.ok(runs.includes(`  ${name} `), name);
});

test("a mistyped command, part or option is wrong use, with the nearest name and where to read more", async () => {
  const isWrong = (message: RegExp, hint?: string) => (error: unknown) =>
    error instanceof WrongUse && message.test(error.message) && error.hint === hint;
  await assert.rejects(
    runCommand(["trian"]),
    isWrong(/There is no command "trian"; did you mean "train"\?$/, "See: adept --help"),
  );
  await assert.rejects(
    runCommand(["runs", "lst"]),
    isWrong(/not "lst"; did you mean "list"\?$/, "See: adept runs --help"),
  );
  await assert.rejects(
    runCommand(["runs", "push", "--jsn"]),
    isWrong(/Unknown option --jsn; did you mean --json\?/, "See: adept runs push --help"),
  );
  await assert.rejects(
    runCommand(["train", "--steps=3"]),
    isWrong(/Unknown option --steps/, "See: adept train --help"),
  );
  await assert.rejects(runCommand(["doctor", "now"]), isWrong(/'now'/, "See: adept doctor --help"));
  await assert.rejects(runCommand(["train", "a", "--runs-dir"]), isWrong(/runs-dir/, "See: adept train --help"));
});

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import tseslint from "typescript-eslint";

const root = dirname(fileURLToPath(import.meta.url));

/** What each room of src/ may import besides itself; the design's "imports point downwards only". */
const rooms = {
  experiment: [],
  // What an editor shows of a run's tokens: texts, places, colours.
  heatmap: ["experiment"],
  // How files get to a disk whole, and where the cache lies.
  disk: ["experiment"],
  graph: ["experiment"],
  engine: ["experiment", "graph"],
  backbone: ["experiment", "disk", "graph", "engine"],
  // A method fills the interface that training declares; it imports that one file.
  method: ["experiment", "graph", "engine", "backbone", "training/model.ts"],
  task: ["experiment", "graph", "engine", "backbone"],
  training: ["experiment", "disk", "graph", "engine", "backbone", "method", "task"],
  analysis: ["experiment", "graph", "engine", "backbone", "method", "task", "training"],
  run: ["experiment", "disk"],
  hub: ["experiment", "disk"],
  executor: ["experiment", "disk", "run", "heatmap"],
  ui: ["experiment", "run", "executor", "heatmap"],
};
const everyRoom = [...Object.keys(rooms), "worker", "cli"];
/** A pattern for relative imports of rooms that are not allowed; `up` leads from the importing file to src/. */
const closed = (up, allowed) => {
  const names = everyRoom.filter((room) => !allowed.some((each) => each === room));
  return {
    regex: `^${up}(${names.join("|")})/(?!(${
      allowed
        .filter((each) => each.includes("/"))
        .map((each) => each.split("/")[1])
        .join("|") || "$."
    })$)`,
    message: "Imports point downwards only; see the rooms in eslint.config.js.",
  };
};
/** Room by room, since a later entry of the same rule replaces an earlier one. */
const directions = (extra) =>
  Object.entries(rooms).map(([room, allowed]) => ({
    files: [`src/${room}/**/*.ts`],
    rules: restrict(
      closed("\\.\\./", [room, ...allowed]),
      toolkit,
      ...(room === "run" ? [] : [git]),
      ...(extra[room] ?? []),
    ),
  }));

const toolkit = { group: ["@vscode/webview-ui-toolkit*"], message: "Only webview/ui.ts imports the toolkit." };
const git = { group: ["simple-git*"], message: "Only src/run/git*.ts imports simple-git." };
const restrict = (...patterns) => ({ "@typescript-eslint/no-restricted-imports": ["error", { patterns }] });

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", "test/output/**", "test/cache/**", ".adept/**"] },
  {
    files: ["src/**/*.ts", "webview/**/*.ts", "test/**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: root } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  { files: ["src/**/*.ts", "webview/**/*.ts"], rules: restrict(toolkit, git) },
  ...directions({
    ui: [{ group: ["**/webview/**"], allowTypeImports: true, message: "The host imports the page's types only." }],
    method: [
      { group: ["**/training/**"], allowTypeImports: true, message: "A method imports the interface's types only." },
    ],
  }),
  { files: ["src/run/!(git*).ts"], rules: restrict(closed("\\.\\./", ["run", ...rooms.run]), toolkit, git) },
  {
    files: ["src/extension.ts", "src/host.ts"],
    rules: restrict(closed("\\./", ["experiment", "run", "executor", "ui", "heatmap"]), toolkit, git),
  },
  { files: ["webview/ui.ts"], rules: restrict(git) },
  {
    // The page is another program: of src/ it knows types alone.
    files: ["webview/**/*.ts"],
    ignores: ["webview/ui.ts"],
    rules: restrict(toolkit, git, {
      group: ["**/src/**"],
      allowTypeImports: true,
      message: "The page imports types only.",
    }),
  },
  { files: ["src/ui/**/*.ts", "src/extension.ts", "webview/**/*.ts"], rules: { "no-console": "error" } },
  // What a terminal would obey is spelled out by one function.
  {
    files: ["src/cli.ts", "src/cli/!(terminal).ts"],
    rules: {
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "CallExpression[callee.object.object.name='process'][callee.object.property.name=/^std(out|err)$/][callee.property.name='write']",
          message: "src/cli/terminal.ts writes to the terminal.",
        },
      ],
    },
  },
  // node:test's describe and test return promises that the runner itself awaits.
  {
    files: ["test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["test", "it", "describe", "suite"] },
          ],
        },
      ],
    },
  },
);

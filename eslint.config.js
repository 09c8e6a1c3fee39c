import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import tseslint from "typescript-eslint";

const root = dirname(fileURLToPath(import.meta.url));

// Which room may import which, and that there is no circle, is in .dependency-cruiser.mjs.

/** One idea a file and a function; one declaration a statement; no condition inside a condition. */
const readable = {
  "one-var": ["error", "never"],
  "no-nested-ternary": "error",
  "max-lines": ["error", { max: 400 }],
  "max-lines-per-function": ["error", { max: 60 }],
  "max-params": ["error", 4],
  // Prettier leaves comments alone; only a string that cannot break may be longer.
  "max-len": [
    "error",
    { code: 120, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true },
  ],
};

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", "test/output/**", "test/cache/**", ".adept/**"] },
  { files: ["**/*.js", "**/*.mjs"], rules: readable },
  {
    files: ["src/**/*.ts", "webview/**/*.ts", "test/**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: root } },
    rules: {
      ...readable,
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  { files: ["src/ui/**/*.ts", "src/extension.ts", "webview/**/*.ts"], rules: { "no-console": "error" } },
  {
    // What a terminal would obey is spelled out by one function.
    files: ["src/cli.ts", "src/cli/**/*.ts"],
    ignores: ["src/cli/terminal.ts"],
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
  {
    // node:test's describe and test return promises that the runner itself awaits.
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

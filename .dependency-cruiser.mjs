// Which room of src/ may import which. `npm run lint` holds it, type imports included; docs/architecture.md draws it.

/** Each room with the rooms that it may import, from the ground up. A room not listed here is an error. */
export const rooms = {
  base: [],
  graph: ["base"],
  engine: ["base", "graph"],
  backbone: ["base", "graph", "engine"],
  method: ["base", "graph", "backbone"],
  experiment: ["base", "engine", "method"],
  record: ["base", "engine", "experiment"],
  protocol: ["base", "experiment", "record"],
  figure: ["base", "record", "protocol"],
  model: ["base", "graph", "engine", "backbone", "method"],
  adapter: ["base", "backbone", "method"],
  task: ["base", "experiment"],
  training: ["base", "engine", "backbone", "method", "experiment", "record", "model", "adapter", "task"],
  analysis: [
    "base",
    "engine",
    "backbone",
    "method",
    "experiment",
    "record",
    "protocol",
    "figure",
    "model",
    "adapter",
    "task",
    "training",
  ],
  run: ["base", "experiment", "record"],
  tracker: ["base", "experiment", "record", "run"],
  hub: ["base"],
  heatmap: ["base", "experiment", "protocol"],
  executor: ["base", "experiment", "record", "protocol", "run"],
  worker: [
    "base",
    "engine",
    "backbone",
    "method",
    "experiment",
    "record",
    "protocol",
    "model",
    "adapter",
    "task",
    "training",
    "analysis",
    "run",
    "hub",
    "heatmap",
  ],
  cli: [
    "base",
    "engine",
    "backbone",
    "method",
    "experiment",
    "record",
    "protocol",
    "figure",
    "model",
    "adapter",
    "task",
    "training",
    "analysis",
    "run",
    "tracker",
    "hub",
    "executor",
    "worker",
  ],
  ui: ["base", "method", "experiment", "record", "protocol", "run", "executor", "heatmap"],
};

/** Rooms inside a room, from the ground up: each may import those before it, and the files of the room itself. */
const floors = {
  base: ["text", "files"],
  engine: ["tfjs", "torch", "device", "onnx"],
  task: ["metric", "code", "counts", "rows", "review"],
  training: ["batch", "optimiser", "memory"],
  run: ["files", "lease", "journal", "directory", "interruption", "git", "inputs", "removal"],
  worker: ["check", "device", "tokens", "train", "analyse"],
  ui: ["window", "runs", "heatmap", "editing", "page", "setup", "commands"],
};

/** The programs that a build makes; each file in src/ itself is the entry of one. */
const entries = {
  extension: ["base", "protocol", "ui"],
  host: ["base", "experiment", "record", "protocol", "run", "executor"],
  worker: ["base", "experiment", "analysis", "run", "executor", "worker"],
  replica: ["base", "model"],
  parquet: ["base", "task"],
  tokens: ["worker"],
  cli: ["base", "cli"],
};

const anyOf = (names) => `(${names.join("|")})`;
const within = (rule, from, allowed) => ({
  name: rule,
  severity: "error",
  from: { path: from },
  to: { path: "^(src|webview)/", pathNot: allowed },
});

export default {
  forbidden: [
    { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
    {
      name: "known-room",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: `^src/${anyOf(Object.keys(rooms))}/` },
      to: {},
    },
    ...Object.entries(rooms).map(([room, allowed]) =>
      within(`room-${room}`, `^src/${room}/`, [
        `^src/${anyOf([room, ...allowed])}/`,
        ...(room === "ui" ? ["^src/host\\.ts$"] : []),
      ]),
    ),
    ...Object.entries(floors).flatMap(([room, names]) =>
      names.map((name, at) => ({
        name: `floor-${room}-${name}`,
        severity: "error",
        from: { path: `^src/${room}/${name}/` },
        to: { path: `^src/${room}/`, pathNot: `^src/${room}/(${anyOf(names.slice(0, at + 1))}/|[^/]+$)` },
      })),
    ),
    ...Object.entries(entries).map(([entry, allowed]) =>
      within(`entry-${entry}`, `^src/${entry}\\.ts$`, `^src/${anyOf(allowed)}/`),
    ),
    within("page", "^webview/", ["^webview/", "^src/protocol/", "^src/figure/", "^src/base/"]),
    {
      name: "toolkit",
      severity: "error",
      from: { path: "^(src|webview)/", pathNot: "^webview/ui\\.ts$" },
      to: { path: "@vscode/webview-ui-toolkit" },
    },
    {
      name: "git",
      severity: "error",
      from: { path: "^(src|webview)/", pathNot: "^src/run/git/" },
      to: { path: "simple-git" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".mjs", ".js"] },
  },
};

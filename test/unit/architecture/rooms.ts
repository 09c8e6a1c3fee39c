import { cruise, type ICruiseResult } from "dependency-cruiser";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");

/**
 * The room of a file: the folder in src/, "webview" for the page, "host" for the bundle that the extension loads late,
 * "entries" for the other files in src/ itself.
 */
export function roomOf(file: string): string {
  const [top, room, ...rest] = file.split("/");
  if (top === "webview") return "webview";
  if (file === "src/host.ts") return "host";
  return rest.length === 0 ? "entries" : (room ?? "");
}

/**
 * The imports between rooms as the sources have them, type imports included.
 * @returns for each room the rooms that it imports
 */
export async function roomImports(): Promise<Map<string, Set<string>>> {
  const { output } = await cruise(["src", "webview"], {
    baseDir: ROOT,
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: [".ts"] },
  });
  const edges = new Map<string, Set<string>>();
  for (const { source, dependencies } of (output as ICruiseResult).modules) {
    if (!/^(src|webview)\//.test(source)) continue;
    const from = roomOf(source);
    const imported = edges.get(from) ?? new Set();
    edges.set(from, imported);
    for (const { resolved } of dependencies)
      if (/^(src|webview)\//.test(resolved) && roomOf(resolved) !== from) imported.add(roomOf(resolved));
  }
  return edges;
}

/** Whether `to` is reached from `from` by two or more imports. */
function isReachedOtherwise(edges: Map<string, Set<string>>, from: string, to: string): boolean {
  const waiting = [...(edges.get(from) ?? [])].filter((room) => room !== to);
  const visited = new Set(waiting);
  for (let room = waiting.pop(); room !== undefined; room = waiting.pop()) {
    for (const next of edges.get(room) ?? []) {
      if (next === to) return true;
      if (!visited.has(next)) {
        visited.add(next);
        waiting.push(next);
      }
    }
  }
  return false;
}

/**
 * The transitive reduction of a graph without circles: the fewest arrows that lead to the same rooms.
 * @returns lines of a mermaid flowchart, sorted
 */
export function arrows(edges: Map<string, Set<string>>): string[] {
  return [...edges]
    .flatMap(([from, rooms]) =>
      [...rooms].filter((to) => !isReachedOtherwise(edges, from, to)).map((to) => `  ${from} --> ${to}`),
    )
    .sort();
}

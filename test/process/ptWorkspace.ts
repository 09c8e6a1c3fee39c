import type { TestContext } from "node:test";
import { kill, Workspace } from "../campaign/workspace.ts";

/** A workspace with a short prompt-tuning run; it goes with its processes when the test ends. */
export function ptWorkspace(t: TestContext): Workspace {
  const place = Workspace.make("pt");
  t.after(() => {
    for (const pid of place.processes()) kill(pid);
    place.remove();
  });
  return place;
}

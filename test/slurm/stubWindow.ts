import type { TestContext } from "node:test";
import { loadParts } from "../host/loadParts.ts";
import { join } from "node:path";

type Parts = Awaited<ReturnType<typeof loadParts>>;
type Row = ReturnType<InstanceType<Parts["RunExplorer"]>["getChildren"]>[number];

const WORKER = join(import.meta.dirname, "../../dist/worker.js");
/** How often, and each how many ms, a row is looked at. */
const MOST_LOOKS = 60;
const LOOK_MS = 1000;
const nothing = (): void => {
  /* not looked at */
};

const memento = () => {
  const kept = new Map<string, unknown>();
  return {
    get: (key: string) => kept.get(key),
    update: (key: string, value: unknown) => {
      kept.set(key, value);
      return Promise.resolve();
    },
    keys: () => [...kept.keys()],
  };
};

/** A window on a folder: the extension's own model, list and commands; a stand-in for the `vscode` module alone. */
export class StubWindow {
  readonly model: InstanceType<Parts["RunsModel"]>;
  readonly explorer: InstanceType<Parts["RunExplorer"]>;
  readonly watch: InstanceType<Parts["ClusterWatch"]>;
  readonly logs: InstanceType<Parts["RunLogs"]>;
  readonly keys: InstanceType<Parts["ContextKeys"]>;
  private readonly handlers: Record<string, (argument: unknown, selected: unknown) => unknown>;

  private constructor(
    readonly parts: Parts,
    t: TestContext,
    folder: string,
  ) {
    parts.vscode.workspace.workspaceFolders = [
      { uri: { fsPath: folder, toString: () => folder }, name: "f", index: 0 },
    ];
    const log = {
      info: nothing,
      warn: nothing,
      error: (error: unknown): void => {
        throw error;
      },
    } as never;
    this.model = new parts.RunsModel(log, memento() as never, new parts.Folders(memento() as never));
    this.explorer = new parts.RunExplorer(this.model, memento() as never);
    this.watch = new parts.ClusterWatch({ model: this.model, log, workerPath: WORKER });
    this.logs = new parts.RunLogs(this.model, WORKER);
    this.keys = new parts.ContextKeys(this.model, { onDidChange: () => ({ dispose: nothing }) } as never);
    const pick = new parts.RunPick(this.model, this.explorer);
    const context = { model: this.model, pick, log, logs: this.logs, workerPath: WORKER, state: memento() } as never;
    this.handlers = {
      ...parts.trainCommands(context),
      ...parts.clusterCommands(context),
      ...parts.deleteCommands(context),
    };
    t.after(() => {
      for (const part of [this.model, this.explorer, this.watch, this.logs, this.keys]) part.dispose();
    });
  }

  static async open(t: TestContext, folder: string): Promise<StubWindow> {
    return new StubWindow(await loadParts(), t, folder);
  }

  /** Asks the cluster where its runs are, as the window does by itself every half minute. */
  async look(): Promise<void> {
    this.model.adopt();
    await this.watch.look();
  }

  /** Looks until a run's row says something. */
  async untilRowSays(id: string, says: RegExp): Promise<void> {
    for (let looks = 0; !says.test(this.shown(this.row(id)).description); looks++) {
      if (looks === MOST_LOOKS) throw new Error(`the row says ${this.shown(this.row(id)).description}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      await this.look();
    }
  }

  /** The rows of the list, groups before what they hold. */
  rows(): Row[] {
    const below = (row: Row): Row[] => [row, ...this.explorer.getChildren(row).flatMap(below)];
    return this.explorer.getChildren().flatMap(below);
  }

  row(id: string): Row {
    const found = this.rows().find((row) => row.kind === "run" && row.id === id);
    if (found === undefined) throw new Error(`no row of ${id}`);
    return found;
  }

  group(): Row {
    const found = this.rows().find(({ kind }) => kind === "group");
    if (found === undefined) throw new Error("no row of a group");
    return found;
  }

  /** What a row says and which menus it has. */
  shown(row: Row): { description: string; contextValue: string } {
    const { description, contextValue } = this.explorer.getTreeItem(row);
    return { description: String(description), contextValue: contextValue ?? "" };
  }

  async command(id: string, argument?: unknown, selected?: unknown): Promise<void> {
    await this.handlers[id]!(argument, selected);
  }
}

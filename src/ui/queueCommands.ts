import type * as vscode from "vscode";
import type { CommandContext, Handlers } from "./commandContext.ts";
import { host } from "./host.ts";
import { Command } from "./ids.ts";
import { isReady } from "./ready.ts";
import { runsDirectory, type Run, type RunsModel } from "./runsModel.ts";

type Ids = typeof Command.trainNext | typeof Command.trainLast | typeof Command.pauseQueue | typeof Command.resumeQueue;

/** The order in which runs wait, and whether they do. */
export function queueCommands(context: CommandContext): Handlers<Ids> {
  const { model, pick } = context, waits = ({ record }: Run): boolean => record.status === "queued";
  const order = (place: (priorities: readonly number[]) => number) => async (argument: unknown, selected: unknown): Promise<void> => {
    const runs = await pick.several(argument, selected, waits), priorities = model.runs().filter(waits).map(({ record }) => record.priority);
    for (const run of runs) host().annotateRun(run.directory.path, { priority: place(priorities) });
    model.refresh();
  };
  return {
    [Command.trainNext]: order((priorities) => Math.max(0, ...priorities) + 1), [Command.trainLast]: order((priorities) => Math.min(0, ...priorities) - 1),
    [Command.pauseQueue]: () => { forFolders(model, (runsDir) => host().endQueue({ runsDir, device: "cpu" })); model.refresh(); },
    [Command.resumeQueue]: async () => {
      if (!await isReady()) return;
      forFolders(model, (runsDir, folder) => host().startQueue({ runsDir, device: "cpu", folder: folder.uri.fsPath, workerPath: context.workerPath, nodePath: process.execPath }));
      model.refresh();
    },
  };
}

function forFolders(model: RunsModel, work: (runsDir: string, folder: vscode.WorkspaceFolder) => unknown): void {
  for (const folder of model.folders.all()) work(runsDirectory(folder), folder);
}

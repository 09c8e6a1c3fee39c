import { isWaiting } from "../../record/record.ts";
import type { CommandContext, CommandHandlers } from "./commandContext.ts";
import { host } from "../window/host.ts";
import { Command } from "../window/ids.ts";
import { ensureTrusted } from "../window/ensureTrusted.ts";
import { runsDirectory, type Run } from "../runs/runsModel.ts";

type Ids = typeof Command.trainNext | typeof Command.trainLast | typeof Command.pauseQueue | typeof Command.resumeQueue;

/** Commands that order, pause and resume the queue of waiting runs. */
export function queueCommands(context: CommandContext): CommandHandlers<Ids> {
  const { model, pick } = context;
  const waits = ({ record }: Run): boolean => record.status === "queued";
  const setPriority =
    (priorityFrom: (priorities: readonly number[]) => number) =>
    async (argument: unknown, selected: unknown): Promise<void> => {
      const runs = await pick.several(argument, selected, waits);
      const priorities = model
        .runs()
        .filter(waits)
        .map(({ record }) => record.priority);
      for (const run of runs) host().annotateRun(run.directory.path, { priority: priorityFrom(priorities) });
      model.refresh();
    };
  return {
    [Command.trainNext]: setPriority((priorities) => Math.max(0, ...priorities) + 1),
    [Command.trainLast]: setPriority((priorities) => Math.min(0, ...priorities) - 1),
    [Command.pauseQueue]: () => {
      for (const folder of model.folders.all())
        for (const device of host().workingDevices(runsDirectory(folder)))
          host().endQueue({ runsDir: runsDirectory(folder), device });
      model.refresh();
    },
    [Command.resumeQueue]: async () => {
      if (!(await ensureTrusted())) return;
      startQueues(
        model.runs().filter(({ record }) => isWaiting(record)),
        context.workerPath,
      );
      model.refresh();
    },
  };
}

/** Starts the queues in which these runs wait: one per folder and device. */
export function startQueues(waiting: readonly Run[], workerPath: string): void {
  const queues = new Map(
    waiting.map(({ folder, directory, record }) => [
      `${folder.uri.toString()} ${host().queueOf(directory, record)}`,
      { folder, device: host().queueOf(directory, record) },
    ]),
  );
  for (const { folder, device } of queues.values())
    host().startQueue({
      runsDir: runsDirectory(folder),
      device,
      folder: folder.uri.fsPath,
      workerPath,
      nodePath: process.execPath,
    });
}

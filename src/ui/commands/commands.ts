import * as vscode from "vscode";
import type { CommandContext, CommandHandler } from "./commandContext.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { heatmapCommands } from "./heatmapCommands.ts";
import { Command } from "../window/ids.ts";
import { clusterCommands } from "./clusterCommands.ts";
import { historyCommands } from "./historyCommands.ts";
import { annotateCommands } from "./annotateCommands.ts";
import { deleteCommands } from "./deleteCommands.ts";
import { filterCommands } from "./filterCommands.ts";
import { predictWithRun } from "./predictCommand.ts";
import { queueCommands } from "./queueCommands.ts";
import { trainCommands } from "./trainCommands.ts";
import { viewCommands } from "./viewCommands.ts";

/** Registers every contributed command. An error is reported to the user, or as a bug with a log entry. */
export class Commands extends DisposableStore {
  constructor(context: CommandContext) {
    super();
    const handlers: Record<Command, CommandHandler> = {
      ...trainCommands(context),
      ...viewCommands(context),
      ...annotateCommands(context),
      ...deleteCommands(context),
      ...filterCommands(context),
      ...queueCommands(context),
      ...clusterCommands(context),
      ...heatmapCommands(context),
      ...historyCommands(context),
      [Command.predict]: (argument) => predictWithRun(argument, context),
    };
    for (const id of Object.values(Command)) {
      this.register(
        vscode.commands.registerCommand(id, async (argument: unknown, selected: unknown) => {
          try {
            return await handlers[id](argument, selected);
          } catch (error) {
            await context.errors.report(error);
            return undefined;
          }
        }),
      );
    }
  }
}

import * as vscode from "vscode";
import type { CommandContext, CommandHandler } from "./commandContext.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { heatmapCommands } from "./heatmapCommands.ts";
import { Command } from "../window/ids.ts";
import { historyCommands } from "./historyCommands.ts";
import { organiseCommands } from "./organiseCommands.ts";
import { predictCommand } from "./predictCommand.ts";
import { queueCommands } from "./queueCommands.ts";
import { trainCommands } from "./trainCommands.ts";
import { viewCommands } from "./viewCommands.ts";

/** Every contributed command; errors the user can act on are shown, the rest are logged as bugs. */
export class Commands extends DisposableStore {
  constructor(context: CommandContext) {
    super();
    const handlers: Record<Command, CommandHandler> = {
      ...trainCommands(context),
      ...viewCommands(context),
      ...organiseCommands(context),
      ...queueCommands(context),
      ...heatmapCommands(context),
      ...historyCommands(context),
      [Command.predict]: (argument) => predictCommand(argument, context),
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

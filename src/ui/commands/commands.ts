import * as vscode from "vscode";
import type { CommandContext, Handler } from "./commandContext.ts";
import { Store } from "../window/disposable.ts";
import { heatmapCommands } from "./heatmapCommands.ts";
import { Command } from "../window/ids.ts";
import { historyCommands } from "./historyCommands.ts";
import { organiseCommands } from "./organiseCommands.ts";
import { predict } from "./predictCommand.ts";
import { queueCommands } from "./queueCommands.ts";
import { trainCommands } from "./trainCommands.ts";
import { viewCommands } from "./viewCommands.ts";

/** Every contributed command; errors the user can act on are shown, the rest are logged as bugs. */
export class Commands extends Store {
  constructor(context: CommandContext) {
    super();
    const handlers: Record<Command, Handler> = {
      ...trainCommands(context),
      ...viewCommands(context),
      ...organiseCommands(context),
      ...queueCommands(context),
      ...heatmapCommands(context),
      ...historyCommands(context),
      [Command.predict]: (argument) => predict(argument, context),
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

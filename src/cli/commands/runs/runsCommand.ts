import type { CommandGroup } from "../../command.ts";
import { compareCommand } from "../compareCommand.ts";
import { exportCommand } from "../exportCommand.ts";
import { noteCommand, tagCommand } from "./annotateCommands.ts";
import { branchCommand } from "./branchCommand.ts";
import { checkCommand } from "./checkCommand.ts";
import { deleteCommand } from "./deleteCommand.ts";
import { diffCommand } from "./diffCommand.ts";
import { listCommand } from "./listCommand.ts";
import { pruneCommand } from "./pruneCommand.ts";
import { fetchCommand, pushCommand } from "./pushCommand.ts";
import { reproduceCommand } from "./reproduceCommand.ts";
import { restoreCommand } from "./restoreCommand.ts";
import { showCommand } from "./showCommand.ts";

/** The commands on existing runs. */
export const runsCommand: CommandGroup = {
  summary: "lists, inspects, shares and cleans up runs",
  usual: "list",
  parts: {
    list: listCommand,
    show: showCommand,
    compare: compareCommand,
    export: exportCommand,
    diff: diffCommand,
    restore: restoreCommand,
    branch: branchCommand,
    delete: deleteCommand,
    reproduce: reproduceCommand,
    tag: tagCommand,
    note: noteCommand,
    prune: pruneCommand,
    push: pushCommand,
    fetch: fetchCommand,
    check: checkCommand,
  },
};

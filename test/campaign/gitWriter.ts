// One of several processes that commit runs in one repository at the same time. Usage: gitWriter.ts FOLDER WRITER COUNT
import { foldEvents } from "../../src/record/foldEvents.ts";
import { GitStore, openGitStore } from "../../src/run/git/gitStore.ts";

const [folder = "", writer = "", count = "0"] = process.argv.slice(2);
const store = await openGitStore(folder);
if (!(store instanceof GitStore)) throw store.reason;
for (let i = 0; i < Number(count); i++) {
  const id = `20260314-10${String(i).padStart(4, "0")}-run${writer}`;
  await store.snapshot(id, { ...foldEvents([]), id, name: `run ${i} of writer ${writer}` });
}

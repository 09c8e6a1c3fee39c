// The host of a window without VS Code: starts, queues or resumes a run as the extension does, follows its journal,
// marks lost workers and keeps the index.
const { join } = require("node:path");
const dist = join(__dirname, "../../dist"),
  host = require(join(dist, "host.cjs"));
const [job, folder, what] = process.argv.slice(2),
  runsDir = join(folder, ".adept/runs"),
  place = { workerPath: join(dist, "worker.js"), nodePath: process.execPath, folder };
if (job === "train")
  console.log(host.submitExperiment(join(folder, what), { ...place, runsDir, git: true }).runs[0].path);
if (job === "queue") host.submitExperiment(join(folder, what), { ...place, runsDir, git: true, queued: true });
if (job === "resume") host.resumeTraining({ ...place, runPath: what });
setInterval(() => {
  for (const run of host.listRuns(runsDir)) {
    const read = host.readRecord(run.path);
    host.markIfInterrupted(run, read.record);
    host.writeIndex(runsDir, [[run.id, read]]);
  }
}, 40);

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readLimits } from "../../../src/executor/slurm/limits.ts";
import { arrayOption, jobScript, requestOptions, withoutStarts } from "../../../src/executor/slurm/script.ts";
import { limitSeconds, signalName, signalOption } from "../../../src/executor/slurm/timeSignal.ts";
import { withoutJob } from "../../../src/executor/slurm/slurmCommand.ts";
import { availableCores } from "../../../src/base/availableCores.ts";

test("the script runs in a shell: setup first, then the worker in the shell's place, paths with every character", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept it's $HOME "));
  try {
    const node = join(folder, "no'de");
    writeFileSync(node, '#!/bin/sh\nprintf "%s\\n" "$SET" "$$" "$@"\n');
    chmodSync(node, 0o755);
    const places = { nodePath: node, workerPath: join(folder, "w.js"), submission: join(folder, "s"), folder };
    const script = (request: Parameters<typeof jobScript>[0]): string => {
      const path = join(folder, "script.sh");
      writeFileSync(path, jobScript(request, places));
      return path;
    };
    const run = (request: Parameters<typeof jobScript>[0], env: object): string[] =>
      execFileSync("bash", ["-c", 'echo $$; . "$0"', script(request)], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"], ...env },
      })
        .trimEnd()
        .split("\n");
    const [shell, set, own, ...args] = run({ setup: ["export SET=yes"] }, { SLURM_ARRAY_TASK_ID: "7" });
    assert.equal(set, "yes");
    assert.equal(own, shell);
    assert.deepEqual(args, [places.workerPath, "task", places.submission, "7", "--folder", folder]);
    // A single job has no index.
    assert.equal(run({}, {}).at(-3), "0");
    assert.deepEqual(
      run({ container: ["printf", "%s|", "a b"] }, {})
        .at(-1)
        ?.split("|")
        .slice(0, 2),
      ["a b", "node"],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("each start of a job tells its number and its node before anything else; a verdict does not quote that", () => {
  const places = { nodePath: "/bin/true", workerPath: "w", submission: "s", folder: "f" };
  const printed = (env: object): string =>
    execFileSync("bash", ["-c", `exec 2>&1\n${jobScript({ setup: ["echo set up"] }, places)}`], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], ...env },
    });
  const first = printed({ SLURMD_NODENAME: "n7" });
  assert.match(first, /^== restart 0 on n7, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\nset up\n$/);
  const again = printed({ SLURM_RESTART_COUNT: "3", SLURMD_NODENAME: "n8" });
  assert.match(again, /^== restart 3 on n8, /);
  assert.equal(withoutStarts(`${first}${again}`), "set up\nset up\n");
  assert.equal(withoutStarts("== restart of nothing\n"), "== restart of nothing\n");
});

test("options of sbatch: only what is asked for, and the user's own arguments last", () => {
  assert.deepEqual(requestOptions({}), []);
  assert.deepEqual(
    requestOptions({ gpus: 2, gpuType: "a100", cpus: 4, memory: "16G", time: "1:00:00", args: ["--gres=none"] }),
    ["--time=1:00:00", "--gres=gpu:a100:2", "--cpus-per-task=4", "--mem=16G", "--gres=none"],
  );
  assert.deepEqual(requestOptions({ gpus: 0 }), []);
  assert.equal(arrayOption(24, 6), "--array=0-23%6");
  assert.equal(arrayOption(24, 0), "--array=0-23");
});

test("the signal before the time limit: a fifth of a short limit, two minutes of others, or as the experiment says", () => {
  const option = (request: Parameters<typeof signalOption>[0]): string | undefined => signalOption(request)[0];
  assert.equal(option({}), "--signal=B:USR1@120");
  assert.equal(option({ time: "8:00:00" }), "--signal=B:USR1@120");
  assert.equal(option({ time: "1" }), "--signal=B:USR1@12");
  assert.equal(option({ time: "1", signal: "USR2@30" }), "--signal=B:USR2@30");
  assert.equal(option({ signal: "none" }), undefined);
  assert.equal(signalName({ signal: "USR2@30" }), "SIGUSR2");
  assert.equal(signalName({ signal: "none" }), undefined);
  const limits = ["90", "1:30", "2:00:00", "1-0", "1-2:30", "1-2:30:15"];
  assert.deepEqual(limits.map(limitSeconds), [5400, 90, 7200, 86_400, 95_400, 95_415]);
});

test("a signal while the script's setup is at work does not end the job", () => {
  const places = { nodePath: "/bin/true", workerPath: "w", submission: "s", folder: "f" };
  const script = (signal: string): string =>
    jobScript({ setup: ["kill -USR1 $$", "kill -TERM $$", "echo on"], signal }, places);
  assert.equal(execFileSync("bash", ["-c", script("USR1@60")], { encoding: "utf8" }), "on\n");
  assert.throws(() => execFileSync("bash", ["-c", script("none")]));
});

test("what belongs to the job that submits does not reach the new one; where Slurm is configured does", () => {
  const env = {
    PATH: "p",
    SLURM_CONF: "c",
    SLURM_JOB_ID: "1",
    SBATCH_PARTITION: "x",
    SQUEUE_FORMAT: "y",
    PMIX_RANK: "0",
  };
  assert.deepEqual(withoutJob(env), { PATH: "p", SLURM_CONF: "c" });
});

test("threads are those that the job asked for, not all of the node", () => {
  assert.equal(availableCores({}, 64), 64);
  assert.equal(availableCores({ SLURM_CPUS_PER_TASK: "4" }, 64), 64);
  assert.equal(availableCores({ SLURM_JOB_ID: "1", SLURM_CPUS_PER_TASK: "4", SLURM_CPUS_ON_NODE: "8" }, 64), 4);
  assert.equal(availableCores({ SLURM_JOB_ID: "1", SLURM_CPUS_ON_NODE: "8" }, 64), 8);
  assert.equal(availableCores({ SLURM_JOB_ID: "1" }, 64), 64);
});

test("limits of the cluster, with Slurm's defaults where it does not say them", () => {
  const text = "ClusterName             = c\nMaxArraySize            = 11\nKillWait                = 5 sec\n";
  assert.deepEqual(readLimits(text), {
    cluster: "c",
    version: "",
    maxArraySize: 11,
    killWait: 5,
    preemptMode: "",
    requeue: true,
    accounting: false,
  });
  assert.equal(readLimits("").maxArraySize, 1001);
});

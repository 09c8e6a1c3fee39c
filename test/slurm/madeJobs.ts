import type { TestCluster } from "./testCluster.ts";

/** The jobs that were made, each once however often it was started. */
export const madeJobs = (cluster: TestCluster): string[] =>
  cluster.run("squeue", "--me", "-h", "-r", "-t", "all", "-o", "%i").split("\n");

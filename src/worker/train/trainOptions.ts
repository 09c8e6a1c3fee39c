import type { MethodKind } from "../../method/methodSpec.ts";
import type { Parameters } from "../../method/parameters.ts";
import type { NewRunEvent } from "../../record/events.ts";
import type { StartRequest } from "../../record/admittedStart.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import type { GpuWatch } from "./gpuWatch.ts";

/** How a run is trained. */
export interface TrainOptions {
  /** The folder whose git repository gets the commits. */
  folder: string;
  /** Whether the run continues from its checkpoint. */
  resume: boolean;
  /** The start that this worker was made for; without one, that which follows the run's last one now. */
  request: Partial<StartRequest>;
  /** The event that says where a cluster has placed this worker. */
  placed?: NewRunEvent;
  /** Aborted when this process shall end: the run is saved, and another worker goes on with it. */
  signal: AbortSignal;
  /** Makes the ablations that are tested at the end. */
  ablate: (kind: MethodKind, parameters: Parameters) => { label: string; parameters: Parameters }[];
  /** Makes the analyses that the experiment asks for; returns their results. */
  analyse: (run: RunDirectory, stop: { requested: () => boolean }) => Promise<CommittedFile[]>;
}

/** A training job in this process. */
export interface TrainJob {
  run: RunDirectory;
  options: TrainOptions;
  /** The number of this start. */
  start: number;
  /** Appends an event to the run's journal. */
  emit: (event: NewRunEvent) => void;
  /** Takes in what others have added to the run, and makes all events so far survive a power cut. */
  sync: () => void;
  /** Whether to stop computing: a person wants the run to end, or this process shall leave it. */
  stopRequested: () => boolean;
  /** Whether this process shall leave the run, and nobody wants it to end. */
  leaves: () => boolean;
  gpus: GpuWatch;
}
/** A file that a commit gets. */
export interface CommittedFile {
  /** Its path in the commit. */
  path: string;
  /** The file on disk. */
  source: string;
}

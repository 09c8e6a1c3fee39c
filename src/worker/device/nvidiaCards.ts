import { execFile } from "node:child_process";

/** An NVIDIA GPU as its driver describes it. */
export interface NvidiaCard {
  name: string;
  /** The driver's version. */
  driver: string;
  /** CUDA's compute capability, such as 8.9. */
  capability: number;
}

const QUERY = ["--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader"];
const PATIENCE = 4000;

/** Parses nvidia-smi's answer; lines without the three values are skipped. */
export const parseCards = (text: string): NvidiaCard[] =>
  text.split("\n").flatMap((line) => {
    const found = /^(.+), *([\d.]+), *(\d+\.\d+)\s*$/.exec(line);
    return found === null ? [] : [{ name: found[1]!, driver: found[2]!, capability: Number(found[3]) }];
  });

/** The NVIDIA GPUs here; none where there is no nvidia-smi, or one before compute_cap was told (2021). */
export const nvidiaCards = (tool = "nvidia-smi"): Promise<NvidiaCard[]> =>
  new Promise((resolve) => {
    execFile(tool, QUERY, { timeout: PATIENCE, windowsHide: true }, (error, stdout) => {
      resolve(error === null ? parseCards(stdout) : []);
    });
  });

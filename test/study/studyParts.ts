/** What experiment files of examples/study have in common. */
export interface StudyPart {
  /** The path below docs/study of its report and of a bundle of its runs, without an ending. */
  name: string;
  files: readonly string[];
  /** Whether it has a report: runs that choose rates on validation have none, since they test nothing. */
  isReported: boolean;
}

/** The parts in the order of their making. Latency comes last: it wants a machine that does nothing else. */
export const PARTS: readonly StudyPart[] = [
  { name: "tasks", files: ["tasks"], isReported: true },
  { name: "rates", files: ["rates", "ratesWider"], isReported: false },
  { name: "tuned", files: ["tuned"], isReported: true },
  { name: "fewShot", files: ["fewShot"], isReported: true },
  {
    name: "openQuestion/rates",
    isReported: false,
    files: ["sst2Rates", "sst2PeersRates", "trecRates", "trecPeersRates", "gsm8kRates", "gsm8kPeersRates"].map(
      (name) => `openQuestion/${name}`,
    ),
  },
  {
    name: "openQuestion/tasks",
    isReported: true,
    files: ["sst2", "sst2Peers", "trec", "trecPeers", "gsm8k", "gsm8kPeers"].map((name) => `openQuestion/${name}`),
  },
  { name: "openQuestion/options", files: ["openQuestion/gsm8kOptions"], isReported: true },
  { name: "openQuestion/fewShot", files: ["openQuestion/fewShot"], isReported: true },
  { name: "latency", files: ["latency"], isReported: true },
];

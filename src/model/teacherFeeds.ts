import type { HostTensor } from "../engine/program.ts";
import type { Batch } from "../backbone/batch.ts";

/** Logits (rows, targetLength, vocabulary) and states (rows, prompt + sourceLength, width) of a teacher-forced pass. */
export interface TeacherOutputs {
  logits: HostTensor;
  states: HostTensor;
}

/**
 * The inputs of MethodGraph.distil from a teacher's outputs: its probabilities and their entropy, and its states of the
 * text, scaled like the loss.
 */
export function teacherFeeds(
  { logits, states: all }: TeacherOutputs,
  batch: Batch,
  { lossScale, width, vocabulary }: { lossScale: number; width: number; vocabulary: number },
): Record<string, HostTensor> {
  const shares = new Float32Array(logits.data.length);
  let entropy = 0;
  batch.labels.forEach((label, row) => {
    if (label < 0) return;
    const from = row * vocabulary;
    const own = (logits.data as Float32Array).subarray(from, from + vocabulary);
    const most = own.reduce((max, x) => Math.max(max, x), -Infinity);
    const sum = own.reduce((total, x) => total + Math.exp(x - most), 0);
    own.forEach((x, i) => {
      const share = Math.exp(x - most) / sum;
      shares[from + i] = lossScale * share;
      entropy += share > 0 ? lossScale * share * (x - most - Math.log(sum)) : 0;
    });
  });
  const { rows, sourceLength, targetLength } = batch;
  const prompt = all.dims[1]! - sourceLength;
  const states = new Float32Array(rows * sourceLength * width);
  for (let row = 0; row < rows; row++)
    states.set(
      (all.data as Float32Array).subarray(
        (row * (prompt + sourceLength) + prompt) * width,
        (row + 1) * (prompt + sourceLength) * width,
      ),
      row * sourceLength * width,
    );
  const tokens = batch.mask.reduce((sum, value) => sum + value, 0);
  const factor = Math.sqrt(1 / (tokens * width));
  return {
    teacherProbabilities: { data: shares, dims: [rows, targetLength, vocabulary] },
    teacherEntropy: { data: Float32Array.of(entropy), dims: [] },
    teacherStates: { data: states, dims: [rows, sourceLength, width] },
    stateScale: { data: batch.mask.map((value) => factor * value), dims: [rows, sourceLength, 1] },
  };
}

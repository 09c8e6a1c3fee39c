import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExperimentDraft } from "../../../src/experiment/draftSchema.ts";
import { experimentOf } from "../../../src/experiment/experimentDraft.ts";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import { fittedDraft } from "../../../src/protocol/fittedDraft.ts";

const draft: ExperimentDraft = {
  name: "chat",
  task: { kind: "chat", train: "/data/chat.jsonl" },
  backbone: "/models/own",
  budget: 12_800,
  steps: 900,
  maxSourceLength: 256,
};
const causal = { isCausal: true, hasTemplate: true, budget: 57_600 };
const fit = (own: ExperimentDraft, backbone = causal, rows = 10_000): ExperimentDraft => ({
  ...own,
  ...fittedDraft(own, { backbone, rows }),
});

test("a decoder-only model has small batches, steps by the number of rows, and a budget by its width; what was chosen stays", () => {
  const { batchSize, steps, budget } = fit(draft);
  assert.deepEqual([batchSize, steps, budget], [8, 300, 57_600]);
  assert.equal(fit(draft, causal, 40).steps, 12);
  assert.equal(fit(draft, causal, 200).steps, 60);
  assert.deepEqual(
    [fit({ ...draft, steps: 50, budget: 5000 })].map((own) => [own.steps, own.budget]),
    [[50, 5000]],
  );
  assert.equal(fittedDraft(fit(draft), { backbone: causal, rows: 10 }), undefined, "once");
  const back = fit(fit(draft), { ...causal, isCausal: false });
  assert.deepEqual([back.batchSize, back.steps, back.prompt], [undefined, 900, undefined]);
});

test("conversations for a model without a chat template are read in plain form, which trains the last answer", () => {
  const { task, prompt } = fit(draft, { ...causal, hasTemplate: false });
  assert.deepEqual(
    [task, prompt],
    [
      { ...draft.task, trainOn: "last" },
      { form: "plain", system: "" },
    ],
  );
});

test("the experiment of a draft has form, system prompt and lengths, and is one that can be read", () => {
  const written = experimentOf({ ...fit(draft), prompt: { form: "chat", system: "Be brief." }, maxTargetLength: 64 });
  assert.deepEqual(written.prompt, { form: "chat", system: "Be brief." });
  const { batchSize, maxTargetLength, selection, warmup } = written.training ?? {};
  assert.deepEqual([batchSize, maxTargetLength, selection, warmup], [8, 64, "loss", 30]);
  assert.ok(ExperimentFile.safeParse(written).success);
  const plain = experimentOf({ ...fit(draft), prompt: { form: "plain", system: "not read" } });
  assert.deepEqual(plain.prompt, { form: "plain" });
  assert.equal(experimentOf(draft).training?.maxTargetLength, 256, "a conversation's answer is a text");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { matchAnswers, normaliseAnswer } from "../../src/task/metric/answerMatch.ts";
import {
  confusion,
  idAccuracy,
  invalidIsOpposite,
  labelId,
  labelScores,
  macroF1,
  matthews,
} from "../../src/task/metric/classification.ts";
import { pearson, ranks, spearman } from "../../src/task/metric/correlation.ts";
import { scoreMultirc, type MultircRow } from "../../src/task/metric/multirc.ts";
import { passAtK } from "../../src/task/metric/passAtK.ts";
import { toFloat } from "../../src/task/metric/pythonText.ts";
import { readJson, withGoldens } from "./shared.ts";

const near = (actual: number, expected: number, what: string): void => {
  assert.ok(Math.abs(actual - expected) < 1e-12, `${what}: ${actual} for ${expected}`);
};
const cases = <T>(name: string): T[] => readJson<{ cases: T[] }>("metrics", `${name}.json`).cases;
interface Answer {
  prediction: string;
  answers: string[];
  em: number;
  f1: number;
  f1_squad_v2?: number;
  normalized_prediction?: string;
}

withGoldens("metrics", () => {
  test("labels are found as the official code finds them", () => {
    for (const c of cases<{ prediction: string; labels: string[]; id: number }>("label_mapping"))
      assert.equal(labelId(c.prediction, c.labels), c.id, JSON.stringify(c));
  });

  test("accuracy, F1, Matthews and confusion are scikit-learn's", () => {
    for (const { name, labels, targets, predictions, expected: e } of cases<{
      name: string;
      labels: string[];
      targets: string[];
      predictions: string[];
      expected: Record<string, number> & {
        f1_per_class: number[];
        precision_per_class: number[];
        recall_per_class: number[];
        confusion: number[][];
      };
    }>("classification")) {
      const t = targets.map((text) => labelId(text, labels));
      const p = predictions.map((text) => labelId(text, labels));
      near(idAccuracy(t, p), e["accuracy"]!, name);
      near(macroF1(t, p, labels.length), e["macro_f1"]!, name);
      near(matthews(t, p), e["matthews"]!, name);
      assert.deepEqual(confusion(t, p, labels.length), e.confusion);
      labels.forEach((_, i) => {
        const { precision, recall, f1 } = labelScores(t, p, i);
        near(f1, e.f1_per_class[i]!, name);
        near(precision, e.precision_per_class[i]!, name);
        near(recall, e.recall_per_class[i]!, name);
      });
      if (e["binary_f1"] === undefined) continue;
      near(labelScores(t, p, 1).f1, e["binary_f1"], name);
      near(labelScores(t, invalidIsOpposite(t, p), 1).f1, e["binary_f1_invalid_is_opposite"]!, name);
      near(matthews(t, invalidIsOpposite(t, p)), e["matthews_invalid_is_opposite"]!, name);
    }
  });
});

withGoldens("metrics of numbers and answers", () => {
  test("numbers are read as Python's float reads them", () => {
    for (const { text, value } of cases<{ text: string; value: number | "Infinity" }>("string_to_float"))
      assert.equal(toFloat(text), Number(value), JSON.stringify(text));
  });

  test("Pearson and Spearman are SciPy's, ties and constants too", () => {
    for (const { name, targets, predictions, expected: e } of cases<{
      name: string;
      targets: string[];
      predictions: string[];
      expected: {
        pearson: number;
        spearman: number;
        degenerate: boolean;
        target_ranks: number[];
        prediction_ranks: number[];
      };
    }>("correlation")) {
      const t = targets.map(toFloat);
      const p = predictions.map(toFloat);
      near(pearson(t, p).value, e.pearson, name);
      near(spearman(t, p).value, e.spearman, name);
      assert.equal(pearson(t, p).degenerate, e.degenerate, name);
      assert.deepEqual([ranks(t), ranks(p)], [e.target_ranks, e.prediction_ranks], name);
    }
  });

  for (const name of ["squad", "record"]) {
    test(`answers of ${name} match as in the official script, and their mean`, () => {
      const all = cases<Answer>(name);
      const mean = { em: 0, f1: 0 };
      for (const c of all) {
        const { em, f1, f1v2 } = matchAnswers(c.prediction, c.answers);
        near(em, c.em, c.prediction);
        near(f1, c.f1, c.prediction);
        if (c.f1_squad_v2 !== undefined) near(f1v2, c.f1_squad_v2, c.prediction);
        if (c.normalized_prediction !== undefined) assert.equal(normaliseAnswer(c.prediction), c.normalized_prediction);
        mean.em += em / all.length;
        mean.f1 += f1 / all.length;
      }
      const expected = readJson<{ mean: { em: number; f1: number } }>("metrics", `${name}.json`).mean;
      near(mean.em, expected.em, "mean");
      near(mean.f1, expected.f1, "mean");
    });
  }
});

withGoldens("metrics of MultiRC and of code", () => {
  test("MultiRC's three figures", () => {
    for (const { name, rows, expected: e } of cases<{
      name: string;
      rows: MultircRow[];
      expected: Record<string, number>;
    }>("multirc")) {
      const s = scoreMultirc(rows);
      near(s.f1a, e["f1a"]!, name);
      near(s.f1aInvalidIsOpposite, e["f1a_invalid_is_opposite"]!, name);
      near(s.f1mInvalidIsOpposite, e["f1m_invalid_is_opposite"]!, name);
      near(s.em, e["em"]!, name);
      near(s.accuracy, e["accuracy"]!, name);
      assert.equal(s.questions, e["questions"]);
    }
  });

  test("pass@k is the exact fraction", () => {
    const { cases: all, mean_over_tasks } = readJson<{
      cases: { n: number; c: number; k: number; value: number }[];
      mean_over_tasks: { n: number[]; c: number[]; k: number; value: number }[];
    }>("metrics", "pass_at_k.json");
    for (const { n, c, k, value } of all) near(passAtK(n, c, k), value, `${n} ${c} ${k}`);
    for (const { n, c, k, value } of mean_over_tasks)
      near(n.reduce((sum, each, i) => sum + passAtK(each, c[i]!, k), 0) / n.length, value, "mean");
    assert.throws(() => passAtK(3, 1, 4), RangeError);
  });
});

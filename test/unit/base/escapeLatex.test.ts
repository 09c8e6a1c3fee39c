import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeLatex } from "../../../src/base/text/escapeLatex.ts";

test("no sign of a text is a command of LaTeX, and signs that its fonts lack are spelt in maths", () => {
  assert.equal(
    escapeLatex("a_b {95 %} & $x^2~#\\"),
    "a\\_b \\{95 \\%\\} \\& \\$x\\textasciicircum{}2\\textasciitilde{}\\#\\textbackslash{}",
  );
  assert.equal(escapeLatex("−1 ± 2 × 3 ≥ 4 ≤ 5 · 6"), "$-$1 $\\pm$ 2 $\\times$ 3 $\\geq$ 4 $\\leq$ 5 $\\cdot$ 6");
});

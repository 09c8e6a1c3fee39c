import assert from "node:assert/strict";
import { test } from "node:test";
import { finalNumber } from "../../../src/task/metric/finalNumber.ts";
import { score } from "../../../src/task/metric/metrics.ts";

test("the number after the last mark counts, else the last one of the text; equal numbers are equal texts", () => {
  const cases: [string, string | undefined][] = [
    ["18", "18"],
    ["3 + 4 = <<3+4=7>>7\n#### 7", "7"],
    ["#### 5\n#### 12 apples of 20", "12"],
    ["####-3", "-3"],
    ["#### $1,234.50", "1234.5"],
    ["#### 1,234,567", "1234567"],
    ["The answer is 9, not 8.", "8"],
    ["It costs $0.50.", "0.5"],
    ["It costs .50", "0.5"],
    ["about 007", "7"],
    ["2.0", "2"],
    ["-0", "0"],
    ["\u22124", "-4"],
    ["100%", "100"],
    ["12,5", "5"],
    ["123456789012345678901", "123456789012345678901"],
    ["<<1+1=2>>", undefined],
    ["#### many, of 3 <<", "3"],
    ["no number", undefined],
    ["", undefined],
  ];
  for (const [text, number] of cases) assert.equal(finalNumber(text), number, text);
});

test("the share of equal final numbers; a prediction without one is wrong, even where the target has none", () => {
  const cases = [
    { prediction: "so 18.", target: "16 + 2 = <<16+2=18>>18\n#### 18" },
    { prediction: "#### 17", target: "#### 18" },
    { prediction: "none", target: "none" },
    { prediction: "1,000", target: "1000" },
  ];
  assert.deepEqual(score(["finalNumber"], cases, []), { finalNumber: 0.5 });
});

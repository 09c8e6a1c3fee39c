import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictOf } from "../../audit/verdict.ts";

const report = (total: number, vulnerabilities: object = {}): string =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities,
    metadata: { vulnerabilities: { info: 0, high: total, total } },
  });

test("an audit without findings is clean, and one with findings names them", () => {
  assert.deepEqual([verdictOf(report(0), 0).ok, /clean/.test(verdictOf(report(0), 0).text)], [true, true]);
  const found = verdictOf(report(1, { zip: { severity: "high", via: [] } }), 1);
  assert.equal(found.ok, false);
  assert.match(found.text, /zip \(high\)/);
  assert.equal(verdictOf(report(0), 1).ok, false, "an exit code that does not fit is no clean bill");
});

test("a registry that has no audits is said to have none, without its address", () => {
  for (const refusal of [
    { message: "405 Method Not Allowed - POST https://registry.example/-/npm/v1/security", statusCode: 405 },
    { message: "404 Not Found", statusCode: 404 },
    { message: "503 Service Unavailable", statusCode: 503 },
    { message: "request to https://x failed, reason: getaddrinfo ENOTFOUND x" },
    { code: "ENOAUDIT", message: "Your configured registry does not support audit requests." },
  ]) {
    const { ok, text } = verdictOf(JSON.stringify({ ...refusal, error: {} }), 1);
    assert.ok(ok && /NOT audited.*unavailable/.test(text), text);
    assert.doesNotMatch(text, /https?:/);
  }
});

test("everything else is an error: no lock file, no permission, no JSON", () => {
  for (const output of [
    JSON.stringify({ message: "This command requires an existing lockfile.", code: "ENOLOCK" }),
    JSON.stringify({ message: "401 Unauthorized", statusCode: 401 }),
    JSON.stringify({}),
    "",
    "npm: not found",
    JSON.stringify({ metadata: {} }),
  ])
    assert.equal(verdictOf(output, 1).ok, false, output);
});

import assert from "node:assert/strict";
import test from "node:test";

import { ChallengeRequired, GuichetProblem, isProblem, SecondFactorRequired, solve, unwrap } from "@guichet/client";
import { createHash } from "node:crypto";

const problem = (code, more = {}) => ({ title: "A title", status: 401, detail: null, code, request_id: "r", ...more });
const thrown = (status, error) => {
  try {
    unwrap({ error, response: new Response(null, { status }) });
  } catch (caught) {
    return caught;
  }
  throw new Error("nothing was thrown");
};

test("a refusal says what the answer said, and what was not said is empty", () => {
  const error = thrown(412, problem("stale-version", { status: 412, detail: "The version is 4.", next_cursor: "c" }));
  assert.ok(error instanceof GuichetProblem && error instanceof Error);
  const { status, code, title, detail, errors, missed, next_cursor, allowed, request_id, retry_after_s } = error;
  assert.deepEqual(
    { status, code, title, detail, errors, missed, next_cursor, allowed, request_id, retry_after_s },
    {
      status: 412,
      code: "stale-version",
      title: "A title",
      detail: "The version is 4.",
      errors: [],
      missed: [],
      next_cursor: "c",
      allowed: [],
      request_id: "r",
      retry_after_s: null,
    },
  );
  assert.equal(error.message, "stale-version: The version is 4.");
  assert.ok(isProblem(error) && isProblem(error, "not-found", "stale-version"));
  assert.ok(!isProblem(error, "not-found") && !isProblem(new Error("another")));
});

test("what is asked for at the sign-in has errors of its own", () => {
  const challenge = { token: "t", algorithm: "sha-256", bits: 4, expires_at: "2026-03-02T09:34:00Z" };
  assert.ok(thrown(401, problem("second-factor-required")) instanceof SecondFactorRequired);
  const error = thrown(401, problem("challenge-required", { challenge }));
  assert.ok(error instanceof ChallengeRequired);
  assert.deepEqual(error.challenge, challenge);
});

test("the page of a proxy is no refusal", () => {
  const error = thrown(502, "<h1>Bad gateway</h1>");
  assert.equal(error.name, "UnexpectedAnswer");
  assert.equal(error.status, 502);
  assert.equal(error.body, "<h1>Bad gateway</h1>");
});

test("what was done answers its data, also when that is nothing", () => {
  assert.equal(unwrap({ data: 7, response: new Response() }), 7);
  assert.equal(unwrap({ data: undefined, response: new Response(null, { status: 204 }) }), undefined);
});

test("a challenge is solved", async () => {
  const { token, solution } = await solve({ token: "AUZ2x0", algorithm: "sha-256", bits: 11, expires_at: "" });
  const hash = createHash("sha256").update(`${token}:${solution}`).digest();
  assert.equal(hash.readUInt16BE() >> 5, 0);
  assert.match(solution, /^[\x21-\x7e]{1,32}$/);
});

import assert from "node:assert/strict";
import test from "node:test";

import { backoffMs, delayMs, retryOf } from "../../dist/backoff.js";

const retry = (random, more = {}) => retryOf({ random: () => random, ...more });
const answer = (status, retryAfter) =>
  new Response(null, { status, headers: retryAfter === undefined ? {} : { "retry-after": retryAfter } });

test("the wait doubles up to the longest, and chance takes away half of it at most", () => {
  const least = [0, 1, 2, 3, 4, 5, 30].map((tried) => backoffMs(tried, retry(0)));
  const most = [0, 1, 2, 3, 4, 5, 30].map((tried) => backoffMs(tried, retry(1)));
  assert.deepEqual(least, [125, 250, 500, 1000, 2000, 2500, 2500]);
  assert.deepEqual(most, [250, 500, 1000, 2000, 4000, 5000, 5000]);
});

test("after 503 the server's own wait counts, with a little chance", () => {
  assert.equal(delayMs(answer(503, "3"), 0, retry(0)), 3000);
  assert.equal(delayMs(answer(503, "3"), 4, retry(1)), 3250);
  assert.equal(delayMs(answer(503), 1, retry(0)), 250);
  assert.equal(delayMs(answer(502), 0, retry(1)), 250);
});

test("429 is waited for when the server says how long and it is short", () => {
  assert.equal(delayMs(answer(429, "2"), 0, retry(0)), 2000);
  assert.equal(delayMs(answer(429, "10"), 0, retry(0)), 10_000);
  assert.equal(delayMs(answer(429, "11"), 0, retry(0)), null);
  assert.equal(delayMs(answer(429), 0, retry(0)), null);
});

test("a wait that is too long is left to the caller", () => {
  assert.equal(delayMs(answer(503, "60"), 0, retry(0)), null);
  assert.equal(delayMs(answer(503, "60"), 0, retry(0, { retryAfterMostMs: 60_000 })), 60_000);
});

test("other answers are final", () => {
  for (const status of [200, 401, 404, 409, 412, 422, 500]) assert.equal(delayMs(answer(status, "1"), 0, retry(0)), null);
});

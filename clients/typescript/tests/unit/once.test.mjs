import assert from "node:assert/strict";
import test from "node:test";

import { once } from "../../dist/once.js";

test("calls at once are one call, and the next one begins anew", async () => {
  let calls = 0;
  const call = once(async () => ++calls);
  assert.deepEqual(await Promise.all([call(), call(), call()]), [1, 1, 1]);
  assert.equal(await call(), 2);
});

test("an error goes to everybody who waited, and is not kept", async () => {
  let calls = 0;
  const call = once(async () => {
    if (++calls === 1) throw new Error("the first");
    return calls;
  });
  const outcomes = await Promise.allSettled([call(), call()]);
  assert.deepEqual(outcomes.map(({ reason }) => reason?.message), ["the first", "the first"]);
  assert.equal(await call(), 2);
});

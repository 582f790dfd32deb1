import assert from "node:assert/strict";
import test from "node:test";

import { createGuichet, isProblem, unwrap } from "@guichet/client";
import { broken, fakeServer, json, refusal } from "./fake_server.mjs";

/** A client of such a server, and the waits that it made, ms. */
async function client(t, answers, options = {}) {
  const server = await fakeServer(answers);
  t.after(server.close);
  const waits = [];
  const retry = { random: () => 0, wait: async (ms) => void waits.push(ms), ...options };
  return { guichet: createGuichet({ baseUrl: server.baseUrl, language: "en", retry }), server, waits };
}

const opened = json(201, { key: "SUP-1" });
const body = { desk: "SUP", type: "question", summary: "s", description: "d" };

test("a command is sent again after a broken connection, 503 and 502, with the same key and body", async (t) => {
  const unavailable = refusal(503, "unavailable", { retry_after_s: 2 }, { "retry-after": "2" });
  const { guichet, server, waits } = await client(t, [broken, unavailable, json(502, "a proxy"), opened]);
  assert.equal(unwrap(await guichet.POST("/v1/tickets", { body })).key, "SUP-1");
  assert.deepEqual(waits, [125, 2000, 500]);
  assert.equal(server.requests.length, 4);
  const keys = server.requests.map(({ headers }) => headers["idempotency-key"]);
  assert.match(keys[0], /^[0-9a-f]{32}$/);
  assert.deepEqual(keys, Array(4).fill(keys[0]));
  assert.deepEqual(server.requests.map((request) => request.body), Array(4).fill(JSON.stringify(body)));
  assert.ok(server.requests.every(({ headers }) => headers["accept-language"] === "en"));
});

test("each command has a key of its own, unless it is given one", async (t) => {
  const { guichet, server } = await client(t, [opened, opened, opened]);
  await guichet.POST("/v1/tickets", { body });
  await guichet.POST("/v1/tickets", { body });
  await guichet.POST("/v1/tickets", { body, params: { header: { "Idempotency-Key": "mine" } } });
  const [first, second, third] = server.requests.map(({ headers }) => headers["idempotency-key"]);
  assert.notEqual(first, second);
  assert.equal(third, "mine");
});

test("what takes no key is sent once: a broken connection and 503 go to the caller", async (t) => {
  const { guichet, server } = await client(t, [broken, refusal(503, "unavailable")]);
  const address = { body: { username: "agent", address: "agent@desk.example" } };
  await assert.rejects(guichet.POST("/v1/auth/password-reset", address), TypeError);
  assert.equal((await guichet.POST("/v1/auth/password-reset", address)).error.code, "unavailable");
  assert.equal(server.requests.length, 2);
  assert.equal(server.requests[0].headers["idempotency-key"], undefined);
});

test("an answer that breaks in the middle is read again", async (t) => {
  const half = (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
    response.write('{"user', () => response.socket.destroy());
  };
  const { guichet, server } = await client(t, [half, json(200, { username: "agent" })]);
  assert.equal(unwrap(await guichet.GET("/v1/me")).username, "agent");
  assert.equal(server.requests.length, 2);
});

test("after so many times the last outcome is the caller's", async (t) => {
  const { guichet, waits } = await client(t, [broken, refusal(503, "view-behind"), refusal(503, "view-behind")], {
    times: 2,
  });
  const list = guichet.GET("/v1/tickets").then(unwrap);
  await assert.rejects(list, (error) => isProblem(error, "view-behind") && error.status === 503);
  assert.deepEqual(waits, [125, 250]);
});

test("a short 429 is waited for, a long one is the caller's", async (t) => {
  const much = (s) => refusal(429, "too-much-written", { retry_after_s: s }, { "retry-after": String(s) });
  const { guichet, waits } = await client(t, [much(1), opened, much(3600)]);
  assert.equal(unwrap(await guichet.POST("/v1/tickets", { body })).key, "SUP-1");
  const refused = guichet.POST("/v1/tickets", { body }).then(unwrap);
  await assert.rejects(refused, (error) => isProblem(error, "too-much-written") && error.retry_after_s === 3600);
  assert.deepEqual(waits, [1000]);
});

test("an aborted request is not sent again, and does not wait", async (t) => {
  const stop = new AbortController();
  const server = await fakeServer([broken]);
  t.after(server.close);
  // The true wait, an hour long: it ends because it is aborted.
  const guichet = createGuichet({ baseUrl: server.baseUrl, retry: { firstMs: 7_200_000, mostMs: 7_200_000, random: () => {
    setImmediate(() => stop.abort());
    return 0;
  } } });
  await assert.rejects(guichet.GET("/v1/me", { signal: stop.signal }), { name: "AbortError" });
  await assert.rejects(guichet.GET("/v1/me", { signal: stop.signal }), { name: "AbortError" });
  assert.equal(server.requests.length, 1);
});

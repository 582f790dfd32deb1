import assert from "node:assert/strict";
import test from "node:test";

import { createGuichet, isProblem, unwrap } from "@guichet/client";
import { retryOf } from "../../dist/backoff.js";
import { memoryStore, Session } from "../../dist/session.js";
import { fakeServer, json, refusal, tokens } from "./fake_server.mjs";

const answer = (name) =>
  Response.json({ access_token: name, token_type: "Bearer", expires_in: 900, refresh_token: `refresh-${name}` });

/** A session whose renewals are answered by hand. */
function session({ store = memoryStore() } = {}) {
  const clock = { now: 1_000_000 };
  const asked = [];
  const renewal = {
    signIn: async () => answer("first"),
    refresh: (kept) => {
      if (kept === null) return null;
      return () => new Promise((resolve) => asked.push({ token: kept.refresh_token, resolve }));
    },
  };
  const made = new Session(renewal, store, retryOf({ wait: async () => undefined }), () => clock.now);
  return { session: made, clock, asked, store };
}

/** Until what is under way has nothing to do but to wait. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a token is used until 30 s before its end, and then renewed once for all who ask", async () => {
  const { session: made, clock, asked } = session();
  await made.signIn({});
  clock.now += 869_999;
  assert.equal(await made.token(), "first");
  clock.now += 1;
  const all = Promise.all([made.token(), made.token(), made.token()]);
  await settled();
  assert.deepEqual(asked.map(({ token }) => token), ["refresh-first"]);
  asked[0].resolve(answer("second"));
  assert.deepEqual(await all, ["second", "second", "second"]);
  assert.equal(await made.token(), "second");
});

test("a token that was refused is renewed once, also for who is told of it later", async () => {
  const { session: made, asked } = session();
  await made.signIn({});
  const both = Promise.all([made.renewed("first"), made.renewed("first")]);
  await settled();
  assert.equal(asked.length, 1);
  asked[0].resolve(answer("second"));
  assert.deepEqual(await both, ["second", "second"]);
  assert.equal(await made.renewed("first"), "second");
  assert.equal(asked.length, 1);
});

test("who signs out while tokens are renewed stays signed out", async () => {
  const { session: made, clock, asked, store } = session();
  await made.signIn({});
  clock.now += 900_000;
  const renewed = made.token();
  await settled();
  await made.forget();
  asked[0].resolve(answer("second"));
  assert.equal(await renewed, null);
  assert.equal(store.load(), null);
});

test("a refused refresh ends the sign-in; a failing one does not", async () => {
  const { session: made, clock, asked, store } = session();
  await made.signIn({});
  clock.now += 900_000;
  const failing = assert.rejects(made.token(), { name: "UnexpectedAnswer", status: 500 });
  await settled();
  asked[0].resolve(new Response("no", { status: 500 }));
  await failing;
  assert.equal(store.load().refresh_token, "refresh-first");
  const refused = made.token();
  await settled();
  asked[1].resolve(Response.json({ code: "wrong-credentials" }, { status: 401 }));
  assert.equal(await refused, null);
  assert.equal(store.load(), null);
});

test("tokens that another page has renewed are taken from the store", async () => {
  const { session: made, clock, asked, store } = session();
  await made.signIn({});
  clock.now += 900_000;
  store.save({ access_token: "theirs", refresh_token: "refresh-theirs", ends_at_ms: clock.now + 900_000 });
  assert.equal(await made.token(), "theirs");
  assert.equal(asked.length, 0);
});

test("a caller may stop waiting for a renewal, which goes on for the others", async () => {
  const { session: made, clock, asked } = session();
  await made.signIn({});
  clock.now += 900_000;
  const stop = new AbortController();
  const mine = assert.rejects(made.token(stop.signal), { name: "AbortError" });
  const theirs = made.token();
  await settled();
  stop.abort();
  await mine;
  asked[0].resolve(answer("second"));
  assert.equal(await theirs, "second");
});

test("after 401 unauthenticated each request is sent once more, with one refresh for all", async (t) => {
  const by = { first: refusal(401, "unauthenticated"), second: json(200, { username: "agent" }) };
  const server = await fakeServer([
    tokens("first"),
    // Both are refused before either refreshes: the second refusal comes when both requests are there.
    (response) => (by.waiting = response),
    (response) => {
      by.first(by.waiting);
      by.first(response);
    },
    tokens("second"),
    by.second,
    by.second,
  ]);
  t.after(server.close);
  const guichet = createGuichet({ baseUrl: server.baseUrl });
  await guichet.signIn({ username: "agent", password: "p" });
  const me = async () => unwrap(await guichet.GET("/v1/me")).username;
  assert.deepEqual(await Promise.all([me(), me()]), ["agent", "agent"]);
  const refreshed = server.requests.filter(({ url }) => url === "/v1/auth/refresh");
  assert.deepEqual(refreshed.map(({ body }) => body), ['{"refresh_token":"refresh-first"}']);
  assert.deepEqual(
    server.requests.slice(4).map(({ headers }) => headers.authorization),
    ["Bearer second", "Bearer second"],
  );
});

test("once the sign-in is over, the refusal of the request itself is thrown", async (t) => {
  const server = await fakeServer([
    tokens("first"),
    refusal(401, "unauthenticated"),
    refusal(401, "wrong-credentials"),
    refusal(401, "unauthenticated"),
  ]);
  t.after(server.close);
  const guichet = createGuichet({ baseUrl: server.baseUrl });
  await guichet.signIn({ username: "agent", password: "p" });
  const me = async () => unwrap(await guichet.GET("/v1/me"));
  await assert.rejects(me, (error) => isProblem(error, "unauthenticated"));
  await assert.rejects(me, (error) => isProblem(error, "unauthenticated"));
  assert.equal(server.requests[3].headers.authorization, undefined);
});

import assert from "node:assert/strict";
import test from "node:test";

import { createGuichet, isProblem } from "@guichet/client";
import { broken, fakeServer, json, refusal, tokens } from "./fake_server.mjs";

const head = { "content-type": "text/event-stream" };
const message = (position) => `id: ${position}\ndata: {"position":${position}}\n\n`;
/** A stream that ends, as at a restart. */
const stream = (...pieces) => (response) => {
  response.writeHead(200, head);
  for (const piece of pieces) response.write(piece);
  response.end();
};
/** A stream that stays open. */
const open = (...pieces) => (response) => {
  response.writeHead(200, head);
  for (const piece of pieces) response.write(piece);
};

async function client(t, answers) {
  const server = await fakeServer([tokens("first"), ...answers]);
  t.after(server.close);
  const retry = { random: () => 0, wait: async () => undefined };
  const guichet = createGuichet({ baseUrl: server.baseUrl, retry });
  await guichet.signIn({ username: "auditor", password: "p" });
  return { guichet, server };
}

/** The positions of a feed until one of them. */
async function until(feed, last) {
  const seen = [];
  for await (const { position } of feed) {
    seen.push(position);
    if (position === last) break;
  }
  return seen;
}

/** What each connection was resumed after. */
function resumed(server) {
  const streams = server.requests.filter(({ url }) => url.startsWith("/v1/events"));
  return streams.map(({ headers }) => headers["last-event-id"]);
}

test("a feed goes on after restarts, cuts within a message and refusals that pass", async (t) => {
  const cut = (response) => {
    response.writeHead(200, head);
    response.write(`${message(3)}id: 4\ndata: {"posi`, () => response.socket.destroy());
  };
  const { guichet, server } = await client(t, [
    stream(": hello\n\n", message(1), message(2)),
    broken,
    refusal(503, "unavailable"),
    cut,
    json(502, "a proxy"),
    open(message(4), message(5)),
  ]);
  assert.deepEqual(await until(guichet.follow("/v1/events", {}), 5), [1, 2, 3, 4, 5]);
  assert.deepEqual(resumed(server), [undefined, "2", "2", "2", "3", "3"]);
});

test("when the token has ended it is renewed and the feed goes on", async (t) => {
  const { guichet, server } = await client(t, [
    stream(message(1)),
    refusal(401, "unauthenticated"),
    tokens("second"),
    open(message(2)),
  ]);
  assert.deepEqual(await until(guichet.follow("/v1/events", {}), 2), [1, 2]);
  assert.equal(server.requests[4].headers.authorization, "Bearer second");
  assert.equal(server.requests[4].headers["last-event-id"], "1");
});

test("a feed begins where it is told, with its query and its accept", async (t) => {
  const { guichet, server } = await client(t, [open(message(43))]);
  const feed = guichet.follow("/v1/events", { after: 42, query: { desk: "SUP", type: ["a.v1", "b.v1"] } });
  assert.equal(feed.lastEventId, "42");
  assert.deepEqual(await until(feed, 43), [43]);
  assert.equal(feed.lastEventId, "43");
  const [, { url, headers }] = server.requests;
  assert.equal(url, "/v1/events?desk=SUP&type=a.v1&type=b.v1");
  assert.equal(headers.accept, "text/event-stream");
  assert.equal(headers["last-event-id"], "42");
});

test("the key of a ticket stands in its address", async (t) => {
  const { guichet, server } = await client(t, [open(message(1))]);
  await until(guichet.follow("/v1/tickets/{key}/history", { path: { key: "SUP-1" } }), 1);
  assert.equal(server.requests[1].url, "/v1/tickets/SUP-1/history");
});

test("what does not pass by itself is thrown", async (t) => {
  const { guichet } = await client(t, [refusal(404, "not-found"), json(200, { items: [] })]);
  await assert.rejects(until(guichet.follow("/v1/events", {}), 1), (error) => isProblem(error, "not-found"));
  // A server that does not know the stream answers with a page.
  const page = until(guichet.follow("/v1/tickets/{key}/history", { path: { key: "SUP-1" } }), 1);
  await assert.rejects(page, { name: "UnexpectedAnswer", status: 200 });
});

test("an aborted feed ends without an error, and its connection with it", async (t) => {
  const stop = new AbortController();
  let closed;
  const ended = new Promise((resolve) => (closed = resolve));
  const { guichet, server } = await client(t, [
    (response) => {
      response.on("close", closed);
      open(message(1))(response);
    },
  ]);
  const seen = [];
  for await (const { position } of guichet.follow("/v1/events", { signal: stop.signal })) {
    seen.push(position);
    setImmediate(() => stop.abort());
  }
  await ended;
  assert.deepEqual(seen, [1]);
  assert.equal(server.requests.length, 2);
});

test("a loop that is left closes its connection", async (t) => {
  let closed;
  const ended = new Promise((resolve) => (closed = resolve));
  const { guichet } = await client(t, [
    (response) => {
      response.on("close", closed);
      open(message(1), message(2))(response);
    },
  ]);
  await until(guichet.follow("/v1/events", {}), 1);
  await ended;
});

test("a connection that has fallen silent is given up", async (t) => {
  const { guichet, server } = await client(t, [open(message(1)), open(message(2))]);
  assert.deepEqual(await until(guichet.follow("/v1/events", { silenceMostMs: 1_000 }), 2), [1, 2]);
  assert.deepEqual(resumed(server), [undefined, "1"]);
});

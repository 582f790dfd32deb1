import assert from "node:assert/strict";
import test from "node:test";

import { createGuichet, events, isProblem, pages } from "@guichet/client";
import { fakeServer, json, refusal } from "./fake_server.mjs";

const page = (keys, next_cursor) => json(200, { items: keys.map((key) => ({ key })), next_cursor, total: 3 });

async function client(t, answers) {
  const server = await fakeServer(answers);
  t.after(server.close);
  const urls = () => server.requests.map(({ url }) => url);
  return { guichet: createGuichet({ baseUrl: server.baseUrl }), urls };
}

test("items come page after page, over empty ones, with the query each time", async (t) => {
  const { guichet, urls } = await client(t, [page(["a", "b"], "1"), page([], "2"), page(["c"], null)]);
  const keys = [];
  for await (const { key } of pages(guichet, "/v1/tickets", { query: { desk: "SUP", limit: 2 } })) keys.push(key);
  assert.deepEqual(keys, ["a", "b", "c"]);
  assert.deepEqual(urls(), [
    "/v1/tickets?desk=SUP&limit=2",
    "/v1/tickets?desk=SUP&limit=2&cursor=1",
    "/v1/tickets?desk=SUP&limit=2&cursor=2",
  ]);
});

test("pages come with what they hold besides", async (t) => {
  const { guichet } = await client(t, [page(["a"], "1"), page(["b"], null)]);
  const seen = [];
  for await (const { items, total } of pages(guichet, "/v1/tickets").byPage()) seen.push([items.length, total]);
  assert.deepEqual(seen, [[1, 3], [1, 3]]);
});

test("a whole list is one page", async (t) => {
  const { guichet, urls } = await client(t, [json(200, { items: [{ key: "SUP" }] })]);
  const keys = [];
  for await (const { key } of pages(guichet, "/v1/desks")) keys.push(key);
  assert.deepEqual([keys, urls()], [["SUP"], ["/v1/desks"]]);
});

test("no further page is asked for when the loop is left", async (t) => {
  const { guichet, urls } = await client(t, [page(["a", "b"], "1"), page(["c"], null)]);
  for await (const { key } of pages(guichet, "/v1/tickets")) if (key === "b") break;
  assert.equal(urls().length, 1);
});

test("a list that is aborted or refused does not look complete", async (t) => {
  const stop = new AbortController();
  const { guichet, urls } = await client(t, [page(["a"], "1"), page(["a"], "1"), refusal(422, "invalid")]);
  const walk = async (init) => {
    for await (const _ of pages(guichet, "/v1/tickets", init)) stop.abort();
  };
  await assert.rejects(walk({ signal: stop.signal }), { name: "AbortError" });
  assert.equal(urls().length, 1);
  await assert.rejects(walk({}), (error) => isProblem(error, "invalid"));
});

test("the log is read to its end by the header that says where the next page starts", async (t) => {
  const lines = (positions, next) => (response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson", "guichet-next-after": String(next) });
    response.end(positions.map((position) => `${JSON.stringify({ position })}\n`).join(""));
  };
  // Other streams' events lie between: a page may be empty and still not the last.
  const { guichet, urls } = await client(t, [lines([3, 4], 4), lines([], 9), lines([12], 12), lines([], 12)]);
  const seen = [];
  for await (const { position } of events(guichet, { after: 2, stream: "SUP-1" })) seen.push(position);
  assert.deepEqual(seen, [3, 4, 12]);
  assert.deepEqual(urls().map((url) => new URL(url, "http://a").searchParams.get("after")), ["2", "4", "9", "12"]);
});

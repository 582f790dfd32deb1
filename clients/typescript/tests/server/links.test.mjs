import assert from "node:assert/strict";
import test from "node:test";

import { isProblem, unwrap } from "@guichet/client";
import { address, open, signedIn } from "./people.mjs";

test("a file is fetched by its link without a token", async () => {
  const guichet = await signedIn("requester-1");
  const { key } = await open(guichet);
  const { id } = await guichet.upload(`/v1/tickets/${key}/attachments`, new Blob(["by link"]), { name: "a.txt" });
  const path = `/v1/tickets/${key}/attachments/${id}`;
  const url = await guichet.link(path);
  assert.ok(url.startsWith(`${address()}${path}?`), url);
  const got = await fetch(url);
  assert.equal(got.status, 200);
  assert.equal(await got.text(), "by link");
  assert.equal((await fetch(address() + path)).status, 401);
});

test("more links than the server makes at once come in the order that was asked for", async () => {
  const guichet = await signedIn("requester-1");
  const { key } = await open(guichet);
  const paths = Array.from({ length: 101 }, (_, at) => `/v1/tickets/${key}/history?limit=${at + 1}`);
  const made = await guichet.links(paths);
  assert.deepEqual(made.map(({ path }) => path), paths);
  assert.ok(made.every(({ expires_at }) => Date.parse(expires_at) > Date.now()));
});

test("a link ends with the sign-in that it was made in", async () => {
  const guichet = await signedIn("requester-1");
  const { key } = await open(guichet);
  const url = await guichet.link(`/v1/tickets/${key}/history`);
  assert.equal((await fetch(url)).status, 200);
  await guichet.signOut();
  assert.equal((await fetch(url)).status, 401);
});

test("a stream is opened by its address, as EventSource does", async () => {
  const guichet = await signedIn("requester-1");
  const { key, version } = await open(guichet);
  const url = await guichet.eventSourceUrl(`/v1/tickets/${key}/history`);
  const stream = await fetch(url, { headers: { accept: "text/event-stream" } });
  const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n\n")) text += (await reader.read()).value;
  await reader.cancel();
  assert.equal(text.match(/^id: (.*)$/m)[1], String(version));
  assert.equal(JSON.parse(text.match(/^data: (.*)$/m)[1]).version, version);
});

test("the history of a ticket is followed by whoever may see it, from where its pages end", async () => {
  const guichet = await signedIn("requester-1");
  const { key, version } = await open(guichet);
  const feed = guichet.follow("/v1/tickets/{key}/history", { path: { key }, after: version });
  const items = feed[Symbol.asyncIterator]();
  const next = items.next();
  const params = { path: { key } };
  const made = unwrap(await guichet.POST("/v1/tickets/{key}/comments", { params, body: { body: "Live" } }));
  const { value } = await next;
  await items.return();
  const { items: entries } = unwrap(await guichet.GET("/v1/tickets/{key}/history", { params }));
  assert.equal(value.position, made.position);
  assert.deepEqual(value, entries[1]);
  assert.equal(feed.lastEventId, String(version + 1));

  const stranger = await signedIn("requester-3");
  const refused = stranger.follow("/v1/tickets/{key}/history", { path: { key } })[Symbol.asyncIterator]().next();
  await assert.rejects(refused, (error) => isProblem(error, "not-found"));
});

import assert from "node:assert/strict";
import test from "node:test";

import { isProblem, newKey, pages, tag, unwrap } from "@guichet/client";
import { open, signedIn } from "./people.mjs";

async function history(guichet, key) {
  const types = [];
  for await (const { type } of pages(guichet, "/v1/tickets/{key}/history", { path: { key }, query: { limit: 1 } })) {
    types.push(type);
  }
  return types;
}

test("the same key with the same request is carried out once; with another one it is refused", async () => {
  const guichet = await signedIn("requester-1");
  const { key } = await open(guichet);
  const params = { path: { key }, header: { "Idempotency-Key": newKey() } };
  const say = async (body) => unwrap(await guichet.POST("/v1/tickets/{key}/comments", { params, body: { body } }));
  const first = await say("Once");
  assert.equal((await say("Once")).id, first.id);
  await assert.rejects(say("Twice"), (error) => isProblem(error, "idempotency-key-reused"));
  assert.deepEqual(await history(guichet, key), ["ticket-opened.v1", "ticket-commented.v1"]);
});

test("a change that was carried out is answered as the first time, though its version is old by then", async () => {
  const guichet = await signedIn("requester-1");
  const { key, version } = await open(guichet);
  const params = { path: { key }, header: { "Idempotency-Key": newKey(), "If-Match": tag(version) } };
  const edit = async () => unwrap(await guichet.PATCH("/v1/tickets/{key}", { params, body: { summary: "Changed" } }));
  assert.equal((await edit()).version, version + 1);
  assert.equal((await edit()).version, version + 1);
  const options = { key: newKey(), ifMatch: tag(version + 1), name: "once.txt" };
  const send = () => guichet.upload(`/v1/tickets/${key}/attachments`, new Blob(["once"]), options);
  assert.equal((await send()).id, (await send()).id);
  assert.deepEqual(await history(guichet, key), ["ticket-opened.v1", "ticket-edited.v1", "ticket-attached.v1"]);
});

test("a stale change is refused with what was missed, by upload too", async () => {
  const guichet = await signedIn("requester-1");
  const { key, version } = await open(guichet);
  const edit = (summary) =>
    guichet.PATCH("/v1/tickets/{key}", {
      params: { path: { key }, header: { "If-Match": tag(version) } },
      body: { summary },
    });
  unwrap(await edit("Changed"));
  const changed = (error) =>
    isProblem(error, "stale-version") && error.missed.length === 1 && error.missed[0].changes[0].to === "Changed";
  await assert.rejects(edit("Again").then(unwrap), changed);
  const file = new Blob(["late"]);
  const late = guichet.upload(`/v1/tickets/${key}/attachments`, file, { name: "late.txt", ifMatch: tag(version) });
  await assert.rejects(late, changed);
});

test("all faulty fields are named at once, in the language asked for", async () => {
  const guichet = await signedIn("requester-1", { language: "fr" });
  const body = { desk: "SUP", type: "question", summary: "", description: "" };
  const error = await guichet.POST("/v1/tickets", { body }).then(unwrap).catch((caught) => caught);
  assert.ok(isProblem(error, "invalid"), String(error));
  assert.deepEqual(error.errors.map(({ pointer }) => pointer).sort(), ["/description", "/summary"]);
  assert.equal(error.title, "La demande est incomplète ou incorrecte");
});

test("a file that is too large is refused as such, and a file of nothing goes up", async () => {
  const guichet = await signedIn("requester-1");
  const { key } = await open(guichet);
  const path = `/v1/tickets/${key}/attachments`;
  const large = guichet.upload(path, new Blob([new Uint8Array(26_214_401)]), { name: "large.bin" });
  await assert.rejects(large, (error) => isProblem(error, "too-large"));
  const made = await guichet.upload(path, new File(["é"], 'a "quoted" name.txt', { type: "text/plain" }));
  assert.deepEqual([made.name, made.size], ['a "quoted" name.txt', 2]);
  assert.deepEqual(await history(guichet, key), ["ticket-opened.v1", "ticket-attached.v1"]);
});

test("one's own picture is set and taken away", async () => {
  const guichet = await signedIn("requester-3");
  const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
  const picture = new Blob([Buffer.from(dot, "base64")], { type: "image/png" });
  const steps = [];
  assert.equal(await guichet.upload("/v1/me/avatar", picture, { onProgress: (step) => steps.push(step) }), null);
  assert.deepEqual(steps.at(-1), { sent_bytes: picture.size, total_bytes: picture.size });
  const shown = async () => unwrap(await guichet.GET("/v1/me")).profile.avatar;
  assert.match(await shown(), /^\/v1\/accounts\/.+\/avatar/);
  assert.equal(unwrap(await guichet.DELETE("/v1/me/avatar")), undefined);
  assert.equal(await shown(), null);
});

test("an event that is written is heard by who follows the log", async () => {
  const [auditor, requester] = [await signedIn("auditor"), await signedIn("requester-1")];
  const { key, position } = await open(requester);
  const feed = auditor.follow("/v1/events", { after: position, query: { stream: key } });
  const items = feed[Symbol.asyncIterator]();
  const next = items.next();
  const params = { path: { key } };
  const made = unwrap(await requester.POST("/v1/tickets/{key}/comments", { params, body: { body: "Heard" } }));
  const { value } = await next;
  assert.equal(value.position, made.position);
  assert.equal(value.event.type, "ticket-commented.v1");
  assert.equal(feed.lastEventId, String(made.position));
  await items.return();
  const refused = requester.follow("/v1/events", {})[Symbol.asyncIterator]().next();
  await assert.rejects(refused, (error) => isProblem(error, "not-found"));
});

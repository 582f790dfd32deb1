import assert from "node:assert/strict";
import test from "node:test";

import { createGuichet, isProblem } from "@guichet/client";

/** What a browser's `XMLHttpRequest` does, answered by the test. */
class FakeRequest {
  static made = [];
  upload = {};
  headers = {};
  open(method, url) {
    Object.assign(this, { method, url });
  }
  setRequestHeader(name, value) {
    this.headers[name] = value;
  }
  getAllResponseHeaders() {
    return "content-type: application/json\r\nretry-after: 1\r\n";
  }
  send(body) {
    this.body = body;
    FakeRequest.made.push(this);
    FakeRequest.script[FakeRequest.made.length - 1](this);
  }
  abort() {
    this.onabort();
    this.onloadend();
  }
  answer(status, body) {
    Object.assign(this, { status, statusText: "", responseText: body === null ? "" : JSON.stringify(body) });
    this.onload();
    this.onloadend();
  }
  fail() {
    this.onerror();
    this.onloadend();
  }
}

function client(t, script) {
  Object.assign(FakeRequest, { made: [], script });
  globalThis.XMLHttpRequest = FakeRequest;
  t.after(() => delete globalThis.XMLHttpRequest);
  return createGuichet({ baseUrl: "http://desk.example", retry: { wait: async () => undefined } });
}

const attachment = { id: "a", name: "note.txt" };
const file = new File(["twelve bytes"], "note.txt");

test("a file goes by XMLHttpRequest where there is one, again with the same key, and tells its progress", async (t) => {
  const guichet = client(t, [
    (request) => request.fail(),
    (request) => {
      request.upload.onprogress({ loaded: 5 });
      // With the form around it more was sent than the file has.
      request.upload.onload({ loaded: 200 });
      request.answer(201, attachment);
    },
  ]);
  const steps = [];
  const onProgress = (step) => steps.push(step);
  const made = await guichet.upload("/v1/tickets/SUP-1/attachments", file, { onProgress, ifMatch: '"4"' });
  assert.deepEqual(made, attachment);
  const total_bytes = 12;
  assert.deepEqual(steps, [{ sent_bytes: 5, total_bytes }, { sent_bytes: 12, total_bytes }]);
  const [first, second] = FakeRequest.made;
  assert.equal(first.method, "POST");
  assert.equal(first.url, "http://desk.example/v1/tickets/SUP-1/attachments");
  assert.equal(first.body.get("file").name, "note.txt");
  assert.equal(first.headers["if-match"], '"4"');
  assert.match(first.headers["idempotency-key"], /^[0-9a-f]{32}$/);
  assert.equal(first.headers["idempotency-key"], second.headers["idempotency-key"]);
  assert.equal(first.headers["content-type"], undefined, "the browser knows the boundary");
});

test("a refusal of a file is thrown", async (t) => {
  const body = { code: "too-large", status: 413, title: "t", detail: null, request_id: "r" };
  const guichet = client(t, [(request) => request.answer(413, body)]);
  const sent = guichet.upload("/v1/tickets/SUP-1/attachments", file, { key: "mine" });
  await assert.rejects(sent, (error) => isProblem(error, "too-large"));
  assert.equal(FakeRequest.made[0].headers["idempotency-key"], "mine");
});

test("a picture is sent as it is, and answers nothing", async (t) => {
  const guichet = client(t, [(request) => request.answer(204, null)]);
  assert.equal(await guichet.upload("/v1/me/avatar", file), null);
  assert.equal(FakeRequest.made[0].method, "PUT");
  assert.equal(FakeRequest.made[0].body, file);
});

test("a sending that is aborted ends, and is not sent again", async (t) => {
  const stop = new AbortController();
  const guichet = client(t, [() => setImmediate(() => stop.abort())]);
  const sent = guichet.upload("/v1/tickets/SUP-1/attachments", file, { signal: stop.signal });
  await assert.rejects(sent, { name: "AbortError" });
  assert.equal(FakeRequest.made.length, 1);
});

// A command that is sent while the server is down succeeds once it is up, and is carried out once.
import assert from "node:assert/strict";

import { pages, unwrap } from "@guichet/client";

import { open, signedIn } from "./people.mjs";

/** A `fetch` that counts, and tells when so many requests have failed; and that can lose the answer of a request. */
function watched() {
  const keys = [];
  let tellFailed;
  const failed = new Promise((resolve) => (tellFailed = resolve));
  const state = { keys, failed, loseNext: false, errors: 0 };
  state.fetch = async (request) => {
    keys.push(request.headers.get("idempotency-key"));
    try {
      const answer = await fetch(request);
      if (!state.loseNext) return answer;
    } catch (error) {
      if (++state.errors === 2) tellFailed();
      throw error;
    }
    state.loseNext = false;
    throw new TypeError("the answer was lost");
  };
  return state;
}

async function comments(guichet, key) {
  const bodies = [];
  for await (const { body } of pages(guichet, "/v1/tickets/{key}/comments", { path: { key } })) bodies.push(body);
  return bodies;
}

export async function run(server) {
  const way = watched();
  const guichet = await signedIn(server, "requester-1", { fetch: way.fetch, retry: { times: 20 } });
  const { key } = await open(guichet, "Sent while the server was down");
  const say = (body) => guichet.POST("/v1/tickets/{key}/comments", { params: { path: { key } }, body: { body } });

  await server.stop();
  way.keys.length = 0;
  const sent = say("Sent while the server was down");
  await way.failed;
  await server.again();
  unwrap(await sent);
  const tries = way.keys.length;
  assert.ok(tries >= 3, `${tries} tries`);
  assert.equal(new Set(way.keys).size, 1, "each try has the same key");
  assert.equal(typeof way.keys[0], "string");

  way.keys.length = 0;
  way.loseNext = true;
  unwrap(await say("Its first answer was lost"));
  assert.equal(way.keys.length, 2);
  assert.equal(way.keys[0], way.keys[1]);

  assert.deepEqual(await comments(guichet, key), ["Sent while the server was down", "Its first answer was lost"]);
  return `one comment after ${tries} tries with one key, one after a lost answer`;
}

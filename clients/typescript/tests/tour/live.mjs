// The log is followed while the server is stopped, started, killed and started: no event is missed and none comes twice.
import assert from "node:assert/strict";

import { events, unwrap } from "@guichet/client";

import { open, signedIn } from "./people.mjs";

/** Follows; `reached(position)` resolves once that position has come. */
function follower(guichet, signal) {
  const seen = [];
  const waiting = [];
  const feed = guichet.follow("/v1/events", { after: 0, signal });
  const done = (async () => {
    for await (const { position } of feed) {
      seen.push(position);
      for (const one of waiting) if (position >= one.position) one.resolve();
    }
  })();
  const reached = (position) =>
    new Promise((resolve, reject) => {
      if (seen.at(-1) >= position) return resolve();
      waiting.push({ position, resolve });
      done.catch(reject);
    });
  return { seen, done, reached };
}

export async function run(server) {
  const retry = { times: 20, mostMs: 1_000 };
  let connections = 0;
  const counting = (request) => {
    if (request.headers.get("accept") === "text/event-stream") connections++;
    return fetch(request);
  };
  const auditor = await signedIn(server, "auditor", { retry, fetch: counting });
  const writer = await signedIn(server, "requester-1", { retry });
  const { key, position } = await open(writer, "Followed");
  const stop = new AbortController();
  const { seen, done, reached } = follower(auditor, stop.signal);
  const say = async (body) => {
    const made = await writer.POST("/v1/tickets/{key}/comments", { params: { path: { key } }, body: { body } });
    return unwrap(made).position;
  };
  await reached(position);
  await reached(await say("Before the stop"));
  await server.stop();
  // Sent while it is down, and carried out once it is up.
  const meanwhile = say("While it was down");
  await server.again();
  await reached(await meanwhile);
  // Killed between two writes of which the second may not have been sent to the follower.
  await say("Before the kill");
  await server.kill();
  await server.again();
  const last = await say("After the kill");
  await reached(last);
  stop.abort();
  await done;

  assert.deepEqual(seen, Array.from(seen, (_, at) => at + 1), "positions are consecutive from 1");
  const read = [];
  for await (const event of events(auditor)) if (event.position <= seen.at(-1)) read.push(event.position);
  assert.deepEqual(seen, read, "the pages hold the same");
  assert.ok(seen.length >= last);
  return `${seen.length} events in ${connections} connections over a stop and a kill, positions 1 to ${seen.at(-1)}, the same as the pages`;
}

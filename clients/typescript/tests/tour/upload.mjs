// A file of some MiB goes up, tells how far it is, and comes back byte for byte.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { unwrap } from "@guichet/client";

import { open, signedIn } from "./people.mjs";

const BYTES = 5 * 1024 * 1024 + 7;

/** Bytes that are the same each time and do not repeat soon. */
function bytes() {
  const made = Buffer.alloc(BYTES);
  for (let at = 0; at < BYTES; at += 32) createHash("sha256").update(String(at)).digest().copy(made, at);
  return made;
}

export async function run(server) {
  const guichet = await signedIn(server, "requester-1");
  const { key } = await open(guichet, "With a file");
  const sent = bytes();
  const steps = [];
  const attachment = await guichet.upload(`/v1/tickets/${key}/attachments`, new Blob([sent]), {
    name: "relevé « été ».bin",
    onProgress: (progress) => steps.push(progress),
  });
  assert.equal(attachment.name, "relevé « été ».bin");
  assert.equal(attachment.size, BYTES);
  assert.equal(attachment.sha256, createHash("sha256").update(sent).digest("hex"));
  assert.ok(steps.length > 10, `${steps.length} steps`);
  assert.ok(steps.every((step, at) => at === 0 || step.sent_bytes >= steps[at - 1].sent_bytes));
  assert.deepEqual(steps.at(-1), { sent_bytes: BYTES, total_bytes: BYTES });
  const params = { path: { key, id: attachment.id } };
  const back = await guichet.GET("/v1/tickets/{key}/attachments/{id}", { params, parseAs: "arrayBuffer" });
  assert.ok(Buffer.from(unwrap(back)).equals(sent));
  return `${BYTES} bytes in ${steps.length} steps of progress, the same bytes back`;
}

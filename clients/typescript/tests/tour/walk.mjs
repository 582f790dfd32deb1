// A walk through 1,000 tickets, page by page, while others are opened: each of the 1,000 is seen exactly once. The last walk is sorted
// by what changes, while tickets change: it is pinned to a position.
import assert from "node:assert/strict";

import { pages, unwrap } from "@guichet/client";

import { open, signedIn } from "./people.mjs";

const TICKETS = 1_000;
const AT_ONCE = 16;
/** Tickets that are opened between two pages. */
const MEANWHILE = 20;

/** Opens tickets, several at once; answers their keys. */
async function openMany(guichet, count) {
  const keys = [];
  let left = count;
  const work = async () => {
    while (left-- > 0) keys.push((await open(guichet, "One of many")).key);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return keys;
}

async function walk(guichet, writer, sort) {
  const query = { requester: "requester-2", sort, limit: 50 };
  const seen = [];
  let pagesSeen = 0;
  let others = 0;
  for await (const page of pages(guichet, "/v1/tickets", { query }).byPage()) {
    seen.push(...page.items.map((ticket) => ticket.key));
    // Those that are opened now, and pushed others down the list, must not disturb the walk. They may be seen, once.
    if (++pagesSeen <= 20) others += (await openMany(writer, MEANWHILE)).length;
  }
  assert.equal(new Set(seen).size, seen.length, "no ticket comes twice");
  return { seen: new Set(seen), pagesSeen, others };
}

/** The list as it was, the latest change first, while tickets change whose turn has not come yet. */
async function walkPinned(guichet, keys, as_of) {
  const seen = [];
  let changed = 0;
  for await (const page of pages(guichet, "/v1/tickets", { query: { requester: "requester-2", as_of } }).byPage()) {
    seen.push(...page.items.map((ticket) => ticket.key));
    const left = keys.filter((key) => !seen.includes(key));
    for (const key of left.slice(0, 2)) {
      const summary = `Changed ${++changed} times meanwhile`;
      unwrap(await guichet.PATCH("/v1/tickets/{key}", { params: { path: { key } }, body: { summary } }));
    }
  }
  assert.equal(seen.length, keys.length);
  assert.deepEqual(new Set(seen), new Set(keys));
  return changed;
}

export async function run(server) {
  const writer = await signedIn(server, "requester-2");
  const agent = await signedIn(server, "agent");
  const begun = performance.now();
  const keys = await openMany(writer, TICKETS);
  const rate = Math.round(TICKETS / ((performance.now() - begun) / 1_000));
  assert.equal(new Set(keys).size, TICKETS);
  // Keys count in the order of the log. A list may be behind what was just written; the ticket itself is not.
  const number = (key) => Number(key.split("-")[1]);
  const newest = keys.reduce((one, other) => (number(one) > number(other) ? one : other));
  const last = unwrap(await writer.GET("/v1/tickets/{key}", { params: { path: { key: newest } } }));
  // The agent did not write them: they are asked for with the position that is to be seen.
  unwrap(await agent.GET("/v1/tickets", { params: { query: { at_least: last.position, limit: 1 } } }));
  const changed = await walkPinned(agent, keys, last.position);
  const told = [`${TICKETS} as of a position while ${changed} changed`];
  for (const sort of ["-created_at", "created_at", "key"]) {
    const { seen, pagesSeen, others } = await walk(agent, writer, sort);
    const missing = keys.filter((key) => !seen.has(key));
    assert.deepEqual(missing, [], `sorted by ${sort}`);
    told.push(`${seen.size} in ${pagesSeen} pages by ${sort} while ${others} more were opened`);
  }
  return `${TICKETS} tickets opened at ${rate}/s, each seen once: ${told.join("; ")}`;
}

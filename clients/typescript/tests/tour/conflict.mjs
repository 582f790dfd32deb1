// Two people edit the same ticket; the slower one is told what they missed, and sends the change again.
import assert from "node:assert/strict";

import { GuichetProblem, isProblem, tag, unwrap } from "@guichet/client";

import { open, signedIn } from "./people.mjs";

export async function run(server) {
  const requester = await signedIn(server, "requester-1");
  const agent = await signedIn(server, "agent");
  const { key, version } = await open(requester, "Two editors");
  const edit = (guichet, summary, seen) =>
    guichet.PATCH("/v1/tickets/{key}", {
      params: { path: { key }, header: { "If-Match": tag(seen) } },
      body: { summary },
    });
  const first = unwrap(await edit(agent, "Changed by the agent", version));
  const problem = await edit(requester, "Changed by the requester", version).then(unwrap).catch((error) => error);
  assert.ok(isProblem(problem, "stale-version"), String(problem));
  assert.ok(problem instanceof GuichetProblem);
  assert.equal(problem.status, 412);
  assert.equal(problem.next_cursor, null);
  assert.equal(problem.missed.length, 1);
  const [missed] = problem.missed;
  assert.equal(missed.by.username, "agent");
  assert.deepEqual(missed.changes, [{ field: "summary", from: "Two editors", to: "Changed by the agent" }]);
  const second = unwrap(await edit(requester, "Changed by both", missed.version));
  assert.equal(second.version, first.version + 1);
  return `412 stale-version, missed “${missed.text}” by ${missed.by.username}`;
}

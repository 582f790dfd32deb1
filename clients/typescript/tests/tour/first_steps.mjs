// The tour of the README: sign in, open a ticket, comment on it, read its history.
import assert from "node:assert/strict";

import { createGuichet, isProblem, pages, unwrap } from "@guichet/client";

export async function run(server) {
  const guichet = createGuichet({ baseUrl: server.api, language: "fr" });
  const wrong = guichet.signIn({ username: "requester-1", password: "Guichet-demo-2" });
  await assert.rejects(wrong, (error) => isProblem(error, "wrong-credentials"));
  await assert.rejects(
    async () => unwrap(await guichet.GET("/v1/me")),
    (error) => isProblem(error, "unauthenticated"),
  );
  await guichet.signIn({ username: "requester-1", password: "Guichet-demo-1" });
  const body = {
    desk: "SUP",
    type: "question",
    summary: "Imprimante en panne",
    description: "Elle affiche « bourrage » sans bourrage.",
  };
  const ticket = unwrap(await guichet.POST("/v1/tickets", { body }));
  assert.equal(ticket.key, "SUP-1");
  assert.equal(ticket.status.label, "Ouvert");
  const comment = { params: { path: { key: ticket.key } }, body: { body: "Toujours en panne ce matin." } };
  unwrap(await guichet.POST("/v1/tickets/{key}/comments", comment));
  const history = [];
  for await (const entry of pages(guichet, "/v1/tickets/{key}/history", { path: { key: ticket.key } })) {
    history.push(entry.type);
  }
  assert.deepEqual(history, ["ticket-opened.v1", "ticket-commented.v1"]);
  assert.equal(await guichet.signOut(), null);
  assert.equal((await guichet.GET("/v1/me")).response.status, 401);
  return `${ticket.key} has ${history.join(" and ")}`;
}

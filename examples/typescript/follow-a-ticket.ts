// Follows a ticket live while an agent works on it. Run it with the address of a server that has the demo world in GUICHET_URL. A
// restart of the server meanwhile does no harm.
import { createGuichet, unwrap, type Guichet, type Schemas } from "@guichet/client";

const baseUrl = process.env["GUICHET_URL"] ?? "http://127.0.0.1:8080";

async function signedIn(username: string): Promise<Guichet> {
  const guichet = createGuichet({ baseUrl, language: "en" });
  await guichet.signIn({ username, password: "Guichet-demo-1" });
  return guichet;
}

/** What an agent does with a ticket. */
async function work(agent: Guichet, key: string): Promise<void> {
  const params = { path: { key } };
  const take = (action: string) => agent.POST("/v1/tickets/{key}/transitions", { params, body: { action } });
  unwrap(await take("take"));
  unwrap(await agent.POST("/v1/tickets/{key}/comments", { params, body: { body: "It is the fan." } }));
  unwrap(await take("resolve"));
}

/** Shows each entry of a ticket's history as it comes, until the ticket is resolved. */
async function show(requester: Guichet, ticket: Schemas["Ticket"]): Promise<void> {
  const feed = requester.follow("/v1/tickets/{key}/history", { path: { key: ticket.key }, after: ticket.version });
  for await (const { text, changes } of feed) {
    console.log(text);
    if (changes.some(({ field, to }) => field === "status" && to === "resolved")) return;
  }
}

const [requester, agent] = [await signedIn("requester-1"), await signedIn("agent")];
const ticket = unwrap(
  await requester.POST("/v1/tickets", {
    body: { desk: "SUP", type: "question", summary: "What is this noise?", description: "It comes from the scanner." },
  }),
);
await Promise.all([show(requester, ticket), work(agent, ticket.key)]);
await Promise.all([requester.signOut(), agent.signOut()]);
// prints Agent de support chose “Take”: the status became “In progress”
// prints Agent de support took the request on
// prints Agent de support commented
// prints Agent de support chose “Resolve”: the status became “Resolved”

import { createGuichet, unwrap } from "@guichet/client";

/** A client that is signed in as an account of the demo world. */
export async function signedIn(server, username, options = {}) {
  const guichet = createGuichet({ baseUrl: server.api, language: "en", ...options });
  await guichet.signIn({ username, password: "Guichet-demo-1" });
  return guichet;
}

/** Opens a ticket. */
export async function open(guichet, summary) {
  const body = { desk: "SUP", type: "question", summary, description: "Made by the tour." };
  return unwrap(await guichet.POST("/v1/tickets", { body }));
}

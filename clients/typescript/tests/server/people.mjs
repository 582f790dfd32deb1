import { randomUUID } from "node:crypto";

import { createGuichet, unwrap } from "@guichet/client";

export const PASSWORD = "Guichet-demo-1";

/** The server to test, from `GUICHET_URL`: one with the demo world. */
export function address() {
  const named = process.env.GUICHET_URL;
  if (!named) throw new Error("GUICHET_URL must be the address of a server with the demo world");
  return named;
}

/** A client of nobody. */
export const nobody = (options = {}) => createGuichet({ baseUrl: address(), language: "en", ...options });

/** A client of an account. */
export async function signedIn(username, options) {
  const guichet = nobody(options);
  await guichet.signIn({ username, password: PASSWORD });
  return guichet;
}

/** An account that no other test uses; answers its name. */
export async function newAccount() {
  const admin = await signedIn("admin");
  const username = `client-${randomUUID()}`;
  const body = {
    kind: "person",
    username,
    name: "Made by a test",
    address: `${username}@desk.example`,
    password: PASSWORD,
    organizations: ["commune-a"],
    roles: [{ role: "requester" }],
  };
  unwrap(await admin.POST("/v1/accounts", { body }));
  return username;
}

/** Opens a ticket. */
export async function open(guichet, summary = "A question") {
  const body = { desk: "SUP", type: "question", summary, description: "Made by a test." };
  return unwrap(await guichet.POST("/v1/tickets", { body }));
}

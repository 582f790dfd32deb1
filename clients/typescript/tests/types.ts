// What the types let through, and what they do not: compiled by snippets.mjs, never run. Each `@ts-expect-error` fails to compile when
// there is no error below it.
import { createGuichet, form, isProblem, pages, unwrap, values, type ProblemCode, type Schemas } from "@guichet/client";
import type { components } from "@guichet/client/contract";

const guichet = createGuichet({ baseUrl: "" });

/** A `switch` over all codes is complete: a code more in the contract does not compile here. */
export function statusOf(code: ProblemCode): number {
  switch (code) {
    case "malformed-request":
      return 400;
    case "unauthenticated":
    case "wrong-credentials":
    case "challenge-required":
    case "second-factor-required":
      return 401;
    case "profile-not-held":
    case "scope-missing":
    case "not-permitted":
      return 403;
    case "not-found":
      return 404;
    case "method-not-allowed":
      return 405;
    case "contract-not-valid":
    case "contract-not-covered":
    case "ticket-wrong-status":
    case "approval-not-pending":
    case "declaration-frozen":
    case "ticket-full":
    case "already-disabled":
    case "last-administrator":
      return 409;
    case "stale-version":
      return 412;
    case "too-large":
      return 413;
    case "wrong-media-type":
      return 415;
    case "invalid":
    case "idempotency-key-reused":
      return 422;
    case "sign-in-locked":
    case "too-many-requests":
    case "too-many-streams":
    case "too-much-written":
      return 429;
    case "internal":
      return 500;
    case "identity-provider-failed":
      return 502;
    case "unavailable":
    case "clock":
    case "view-behind":
      return 503;
  }
}

export async function data(): Promise<Schemas["Ticket"]> {
  const ticket: components["schemas"]["Ticket"] = unwrap(
    await guichet.GET("/v1/tickets/{key}", { params: { path: { key: "SUP-1" } } }),
  );
  const nothing: undefined = unwrap(await guichet.DELETE("/v1/me/avatar"));
  // @ts-expect-error A ticket has no such member.
  void [nothing, ticket.colour];
  return ticket;
}

export async function lists(): Promise<void> {
  for await (const row of pages(guichet, "/v1/tickets", { query: { status: ["open"] } })) void row.key.length;
  for await (const { id } of pages(guichet, "/v1/tickets/{key}/attachments", { path: { key: "SUP-1" } })) void id.length;
  for await (const { total } of pages(guichet, "/v1/tickets").byPage()) void total.toFixed();
  // @ts-expect-error The key is missing.
  pages(guichet, "/v1/tickets/{key}/comments");
  // @ts-expect-error This is no list.
  pages(guichet, "/v1/me");
  // @ts-expect-error These leave their list when they are settled.
  pages(guichet, "/v1/deliveries");
  // @ts-expect-error No such parameter.
  pages(guichet, "/v1/tickets", { query: { colour: "red" } });
}

export async function forms(): Promise<void> {
  const { properties } = await form(guichet, "/v1/desks/SUP/types/incident/schema");
  // Any name may be none of the form's.
  const title: string | undefined = properties["product"]?.title;
  for await (const { label, parent } of values(guichet, "/v1/desks/SUP/lists/location/values", { q: title ?? "" })) {
    void [label.length, parent];
  }
  // @ts-expect-error No such parameter.
  values(guichet, "/v1/desks/SUP/lists/location/values", { colour: "red" });
  // Where there is a stream too, a page is what `GET` answers.
  const { items } = unwrap(await guichet.GET("/v1/tickets/{key}/history", { params: { path: { key: "SUP-1" } } }));
  void items.length;
}

export function problems(error: unknown): void {
  if (isProblem(error, "stale-version", "not-found")) {
    const code: "stale-version" | "not-found" = error.code;
    void [code, error.missed[0]?.by.username];
  }
  // @ts-expect-error No such code.
  isProblem(error, "no-such-code");
}

export async function filesAndFeeds(): Promise<void> {
  const attachment = await guichet.upload("/v1/tickets/SUP-1/attachments", new Blob([]));
  const nothing: null = await guichet.upload("/v1/me/avatar", new Blob([]));
  void [attachment.sha256, nothing];
  // @ts-expect-error Files do not go there.
  await guichet.upload("/v1/tickets", new Blob([]));
  for await (const entry of guichet.follow("/v1/tickets/{key}/history", { path: { key: "SUP-1" } })) void entry.version.toFixed();
  for await (const { position } of guichet.follow("/v1/events", { query: { desk: "SUP" } })) void position.toFixed();
  // @ts-expect-error The key is missing.
  guichet.follow("/v1/tickets/{key}/history", {});
  // @ts-expect-error This is no feed.
  guichet.follow("/v1/tickets", {});
}

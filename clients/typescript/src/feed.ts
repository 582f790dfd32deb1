import type { Client } from "openapi-fetch";

import type { paths } from "./contract.js";
import { errorOf, type Schemas } from "./problem.js";

type Query = NonNullable<paths["/v1/events"]["get"]["parameters"]["query"]>;

/**
 * Reads the log to its present end, a page of NDJSON at a time: `for await (const event of events(guichet, { after: 42 }))`.
 * For auditors and administrators; to go on live, `follow` with the last `position`.
 *
 * @throws GuichetProblem; the reason of the signal when it is aborted.
 */
export async function* events(
  client: Pick<Client<paths>, "GET">,
  query: Query = {},
  signal?: AbortSignal,
): AsyncGenerator<Schemas["FeedEvent"], void, void> {
  let after = query.after ?? 0;
  for (;;) {
    const { data, error, response } = await client.GET("/v1/events", {
      params: { query: { ...query, after } },
      parseAs: "text",
      ...(signal && { signal }),
    });
    if (!response.ok) throw errorOf(response.status, error);
    const lines = String(data ?? "").split("\n").filter((line) => line !== "");
    yield* lines.map((line) => JSON.parse(line) as Schemas["FeedEvent"]);
    const next = Number(response.headers.get("guichet-next-after") ?? after);
    if (next <= after) return;
    after = next;
  }
}

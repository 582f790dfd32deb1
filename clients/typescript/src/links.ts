import type { Door } from "./door.js";
import { bodyOf, errorOf, type Schemas } from "./problem.js";
import { jsonRequest } from "./renewal.js";

/** An address that can be fetched without a token; `url` is whole. */
export type Link = Schemas["Link"];

/** How many paths the server takes at once. */
const PATHS_MAX = 100;

/**
 * Asks for signed links, for `<img>`, downloads and `EventSource`, which cannot send a token.
 *
 * @param paths Paths of the API, such as `/v1/accounts/agent/avatar`; any number of them.
 * @returns The links in the order of the paths.
 * @throws GuichetProblem.
 */
export async function links(door: Door, paths: readonly string[]): Promise<Link[]> {
  const made: Link[] = [];
  for (let first = 0; first < paths.length; first += PATHS_MAX) {
    const body = { paths: paths.slice(first, first + PATHS_MAX) };
    // A link too many does no harm, so that this may be sent again.
    const answer = await door.send({ safe: true }, (token) =>
      door.way.fetch(jsonRequest(`${door.way.baseUrl}/v1/me/links`, body, { headers: door.headers(token) })),
    );
    const answered = await bodyOf(answer);
    if (!answer.ok) throw errorOf(answer.status, answered);
    for (const link of (answered as Schemas["LinkList"]).items) {
      made.push({ ...link, url: door.way.baseUrl + link.url });
    }
  }
  return made;
}

import type { Client } from "openapi-fetch";

import type { paths } from "./contract.js";
import { unwrap } from "./unwrap.js";

/** What a list operation answers. */
export type PageOf<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Page } } } };
}
  ? Page
  : never;

/** One of its items. */
export type ItemOf<Path extends keyof paths> = PageOf<Path> extends { items: (infer Item)[] } ? Item : never;

/** The list operations of the contract. Deliveries are left out: they leave their list when they are settled. */
export type ListPath = {
  [Path in keyof paths]: [PageOf<Path>] extends [never]
    ? never
    : PageOf<Path> extends { items: unknown[] }
      ? PageOf<Path> extends { next_after: unknown }
        ? never
        : Path
      : never;
}[keyof paths];

type Parameters<Path extends ListPath> = paths[Path] extends { get: { parameters: infer Given } } ? Given : never;

/** What a list is asked with: `path` and `query` of the contract (`limit` is the size of a page), and what stops it. */
export type PagesOptions<Path extends ListPath> = {
  [Kind in keyof Parameters<Path> as Kind extends "path" | "query" | "header" ? Kind : never]: Parameters<Path>[Kind];
} & { signal?: AbortSignal };

/** The items of a list, page after page. */
export interface Pages<Path extends ListPath> extends AsyncIterable<ItemOf<Path>> {
  /** The pages themselves, with what they hold besides, such as `total`. A page may be empty before the last. */
  byPage(): AsyncGenerator<PageOf<Path>, void, void>;
}

interface AnyPage {
  items: unknown[];
  next_cursor?: string | null;
}

type Get = (
  path: string,
  init: object,
) => Promise<{ data: AnyPage; error?: never; response: Response }>;

async function* walk(get: Get, path: string, init: { query?: object; signal?: AbortSignal }) {
  const { signal, ...params } = init;
  let query: object = { ...init.query };
  for (;;) {
    const page = unwrap(await get(path, { params: { ...params, query }, ...(signal && { signal }) }));
    yield page;
    if (page.next_cursor === null || page.next_cursor === undefined) return;
    query = { ...query, cursor: page.next_cursor };
  }
}

/**
 * Walks through a list: `for await (const ticket of pages(guichet, "/v1/tickets", { query: { desk: "SUP" } }))`. What is made meanwhile
 * does not disturb the walk. What changes meanwhile may, in a list that is sorted by what changes, move to where the walk has been
 * already: sort by `key` or `created_at`, or pin the list to a position by `as_of`, to see each item once. The next page is asked for
 * once the items of the one before are used up, and never when the loop is left.
 *
 * @throws GuichetProblem; the reason of the signal when it is aborted, since a list that was cut off must not look complete.
 */
export function pages<Path extends ListPath>(
  client: Pick<Client<paths>, "GET">,
  path: Path,
  ...[init]: {} extends PagesOptions<Path> ? [init?: PagesOptions<Path>] : [init: PagesOptions<Path>]
): Pages<Path> {
  // The contract ties path, parameters and page together; that tie is in this function's own type.
  const get = client.GET as unknown as Get;
  const byPage = () => walk(get, path, init ?? {}) as AsyncGenerator<PageOf<Path>, void, void>;
  return {
    byPage,
    async *[Symbol.asyncIterator]() {
      for await (const page of byPage()) yield* (page as { items: ItemOf<Path>[] }).items;
    },
  };
}

import type { Client } from "openapi-fetch";

import type { paths } from "./contract.js";
import { pages, type Pages } from "./pages.js";
import { unwrap } from "./unwrap.js";

/** How a field is best shown. */
export type Widget =
  | "text"
  | "textarea"
  | "number"
  | "checkbox"
  | "select"
  | "radio"
  | "tree"
  | "date"
  | "datetime"
  | "email"
  | "tel"
  | "url";

/** One of the values that a field chooses from. */
export interface Choice {
  /** What to send. */
  const: string | number;
  /** What to show. */
  title: string;
  /** More about it. */
  description?: string;
}

/** What every value of a field keeps to. The other keywords of JSON Schema are there too. */
export interface Rules {
  type?: string;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  /** The values to choose from. */
  oneOf?: Choice[];
  [keyword: string]: unknown;
}

/** A field of a form. */
export interface FormField extends Rules {
  /** Its label. */
  title: string;
  /** More about it. */
  description?: string;
  "x-widget": Widget;
  /** The address of the values to choose from: for `values`. */
  "x-list"?: string;
  /** What `pattern` asks for, in words. */
  "x-format-help"?: string;
  /** Of each of several values, when `type` is `array`. */
  items?: Rules;
}

/** A form: JSON Schema 2020-12 of a ticket's `fields`, its words in the language asked for. */
export interface Form {
  title: string;
  description?: string;
  /** The names of the fields in the order in which people fill them in. */
  "x-order": string[];
  properties: Record<string, FormField>;
  /** The names of the fields that must be filled in. */
  required?: string[];
  [keyword: string]: unknown;
}

/**
 * Reads the form of a request type or of a transition, by the address in its member `schema`.
 *
 * @throws GuichetProblem.
 */
export async function form(client: Pick<Client<paths>, "GET">, address: string): Promise<Form> {
  // The address holds its parameters already.
  const get = client.GET as unknown as (address: string) => Promise<{ data: Form; error?: never; response: Response }>;
  return unwrap(await get(address));
}

type ValuesPath = "/v1/desks/{key}/lists/{list}/values";

/**
 * The values that a field chooses from, by the address in its `x-list`: `values(guichet, field["x-list"], { q: typed })`. `q` searches
 * in labels, `parent` and `top` walk down a tree.
 *
 * @throws GuichetProblem.
 */
export function values(
  client: Pick<Client<paths>, "GET">,
  address: string,
  query: NonNullable<paths[ValuesPath]["get"]["parameters"]["query"]> = {},
): Pages<ValuesPath> {
  return pages(client, address as ValuesPath, { query } as Parameters<typeof pages<ValuesPath>>[2]);
}

import { errorOf } from "./problem.js";

/** What a call of the client resolves to. */
interface Outcome {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** What is in `data` when the call was done. */
type DataOf<O extends Outcome> = O extends { error?: never; data: infer Data } ? Data : never;

/**
 * Answers the data of a call that was done: `unwrap(await guichet.GET("/v1/me"))`.
 *
 * @throws GuichetProblem when the server refused; UnexpectedAnswer when something else answered, and for 304, which has no data.
 */
export function unwrap<O extends Outcome>(outcome: O): DataOf<O> {
  if (outcome.response.ok) return outcome.data as DataOf<O>;
  throw errorOf(outcome.response.status, outcome.error);
}

/** The `If-Match` of a version: its number in quotes. */
export function tag(version: number): string {
  return `"${version}"`;
}

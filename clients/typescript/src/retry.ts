import { backoffMs, delayMs, type Retry } from "./backoff.js";

/** Whether an error is a connection that did not come about or broke: `fetch` throws a `TypeError` for these. */
export function isBroken(error: unknown): boolean {
  return error instanceof TypeError;
}

/** Reads JSON to its end, so that a connection that breaks in the middle of an answer is seen here. Streams and files pass by. */
async function whole(answer: Response): Promise<Response> {
  const isJson = /[/+]json\b/.test(answer.headers.get("content-type") ?? "");
  if (answer.body === null || !isJson) return answer;
  const { status, statusText, headers } = answer;
  return new Response(await answer.arrayBuffer(), { status, statusText, headers });
}

/**
 * Sends, and sends again after 503 (502, 504), after a broken connection, and after 429 with a short `Retry-After`.
 *
 * @param safe Whether the request may be carried out twice: a read, or a command with a key.
 * @throws What the last try threw; the reason of the signal when it is aborted.
 */
export async function again(
  retry: Retry,
  { safe, signal }: { safe: boolean; signal?: AbortSignal | null },
  attempt: () => Promise<Response>,
): Promise<Response> {
  for (let tried = 0; ; tried++) {
    const last = !safe || tried >= retry.times;
    let ms: number;
    try {
      const answer = await whole(await attempt());
      const delay = last ? null : delayMs(answer, tried, retry);
      if (delay === null) return answer;
      await answer.body?.cancel();
      ms = delay;
    } catch (error) {
      if (last || !isBroken(error)) throw error;
      ms = backoffMs(tried, retry);
    }
    await retry.wait(ms, signal);
  }
}

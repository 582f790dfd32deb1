import type { Retry } from "./backoff.js";
import type { Way } from "./renewal.js";
import { again } from "./retry.js";
import type { Session } from "./session.js";

/** One try of a request, with the access token of that moment. */
export type Attempt = (token: string | null) => Promise<Response>;

/** What is to be known of a request before it is sent. */
export interface Sending {
  /** Whether it may be sent again. */
  safe: boolean;
  /** Ends the waiting and the sending. */
  signal?: AbortSignal | null;
}

/** What every request passes through: the token of the moment, one renewal after 401, and further tries. */
export class Door {
  constructor(
    readonly way: Way,
    readonly session: Session,
    readonly retry: Retry,
    readonly language: () => string | undefined,
    /** Whether the refresh token lies in a cookie. */
    readonly cookie: boolean,
  ) {}

  /** Sends, with a token and again where it may be. */
  send({ safe, signal = null }: Sending, attempt: Attempt): Promise<Response> {
    return this.authorized(signal, (token) => again(this.retry, { safe, signal }, () => attempt(token)));
  }

  /** Sends with a token, and once more with a new one when the server does not take it any more. */
  async authorized(signal: AbortSignal | null, attempt: Attempt): Promise<Response> {
    const token = await this.session.token(signal);
    const answer = await attempt(token);
    if (token === null || !(await isUnauthenticated(answer))) return answer;
    const renewed = await this.session.renewed(token, signal);
    return renewed === null ? answer : attempt(renewed);
  }

  /** Sends a request as often as it must be. A key makes a command safe to be sent again. */
  forward(request: Request): Promise<Response> {
    const reads = request.method === "GET" || request.method === "HEAD";
    const safe = reads || request.headers.has("idempotency-key");
    // Who brings a token of their own does not want ours.
    if (request.headers.has("authorization")) {
      return again(this.retry, { safe, signal: request.signal }, () => this.way.fetch(request.clone()));
    }
    return this.send({ safe, signal: request.signal }, (token) => {
      const copy = request.clone();
      if (token !== null) copy.headers.set("authorization", `Bearer ${token}`);
      return this.way.fetch(copy);
    });
  }

  /** The headers that are the same everywhere, with a token. */
  headers(token: string | null): Headers {
    const headers = new Headers();
    const language = this.language();
    if (language !== undefined) headers.set("accept-language", language);
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    return headers;
  }
}

/** A 401 for another reason, such as a wrong password, is not mended by a new token. */
async function isUnauthenticated(answer: Response): Promise<boolean> {
  if (answer.status !== 401) return false;
  const body = (await answer
    .clone()
    .json()
    .catch(() => null)) as { code?: unknown } | null;
  return body?.code === "unauthenticated";
}

import type { Schemas } from "./problem.js";

/** What the client holds of a sign-in. */
export interface Tokens {
  /** Goes with each request. */
  access_token: string;
  /** Gives the next tokens, once; `null` when a cookie holds it. */
  refresh_token: string | null;
  /** When the access token ends by this machine's clock, ms since 1970. */
  ends_at_ms: number;
}

/** Name and password, and what may be asked for besides. */
export type Credentials = Schemas["CreateToken"];

/** How tokens are had: as tokens alone, or with a cookie. */
export interface Renewal {
  /** Asks for tokens with a name and a password. */
  signIn(credentials: Credentials): Promise<Response>;
  /** How the next tokens are asked for; `null` when there is nothing to ask with. */
  refresh(tokens: Tokens | null): (() => Promise<Response>) | null;
}

/** Where requests go and what sends them. */
export interface Way {
  /** The address of the API, without a slash at its end. */
  baseUrl: string;
  /** Sends one request. */
  fetch: (request: Request) => Promise<Response>;
}

/** A request with a JSON body. */
export function jsonRequest(url: string, body: unknown, init: RequestInit = {}): Request {
  const headers = new Headers(init.headers);
  headers.set("content-type", "application/json");
  return new Request(url, { ...init, method: "POST", headers, body: JSON.stringify(body) });
}

/** The refresh token lies with the other tokens. */
export function renewalByToken(way: Way, headers: () => Record<string, string>): Renewal {
  const post = (path: string, body: unknown) =>
    way.fetch(jsonRequest(way.baseUrl + path, body, { headers: headers() }));
  return {
    signIn: (credentials) => post("/v1/auth/token", credentials),
    refresh: (tokens) => {
      const refresh_token = tokens?.refresh_token ?? null;
      return refresh_token === null ? null : () => post("/v1/auth/refresh", { refresh_token });
    },
  };
}

import createClient, { type Client, type Middleware } from "openapi-fetch";

import { retryOf, type RetryOptions } from "./backoff.js";
import { commands } from "./commands.js";
import type { paths } from "./contract.js";
import { renewalByCookie } from "./cookie.js";
import { Door } from "./door.js";
import { follow, type Feed, type FollowOptions, type FollowPath } from "./follow.js";
import { newKey } from "./key.js";
import { links, type Link } from "./links.js";
import { bodyOf, errorOf, type Schemas } from "./problem.js";
import { renewalByToken, type Credentials } from "./renewal.js";
import { memoryStore, Session, type TokenAnswer, type TokenStore } from "./session.js";
import { upload, type Uploaded, type UploadOptions, type UploadPath } from "./upload.js";

/** How a client is made. */
export interface GuichetOptions {
  /** The address of the API, such as `https://desk.example:8443`; empty for pages that the API's own host serves. */
  baseUrl: string;
  /** The language of labels and explanations; a function where it may change. The browser's own unless given. */
  language?: Schemas["Language"] | (() => Schemas["Language"]);
  /** What sends requests; the platform's `fetch` unless given. */
  fetch?: (request: Request) => Promise<Response>;
  /** Where tokens are kept; in memory unless given. */
  store?: TokenStore;
  /** Whether the refresh token lies in a cookie, for pages of the same site as the API. */
  cookie?: boolean;
  /** How requests are sent again. */
  retry?: RetryOptions;
}

/** The client: each operation of the contract by method and path, and what a frontend needs around it. */
export interface Guichet extends Client<paths> {
  /** Signs in. Throws SecondFactorRequired, ChallengeRequired, or GuichetProblem `wrong-credentials` or `sign-in-locked`. */
  signIn(credentials: Credentials): Promise<void>;
  /** Whether somebody is signed in, from what the store or the cookie holds. To be asked when a page begins. */
  resume(): Promise<boolean>;
  /** Takes over tokens that were had in another way, such as through an identity provider. */
  adopt(tokens: TokenAnswer): Promise<void>;
  /** Signs out and forgets the tokens, whatever the answer. Answers where to sign out at the identity provider, if anywhere. */
  signOut(): Promise<string | null>;
  /** Sends a file, and tells how far it is. Throws GuichetProblem, such as `too-large`. */
  upload<Path extends UploadPath>(path: Path, file: Blob, options?: UploadOptions): Promise<Uploaded<Path>>;
  /** Follows a feed live, over restarts and renewals, without a gap. Ends when its signal is aborted. */
  follow<Path extends FollowPath>(path: Path, options: FollowOptions<Path>): Feed<Path>;
  /** A whole address that can be fetched without a token for 5 minutes: for `<img>` and downloads. */
  link(path: string): Promise<string>;
  /** The same for many paths, in their order. */
  links(paths: readonly string[]): Promise<Link[]>;
  /** An address for `EventSource`, to be opened within 5 minutes. Where a program may choose, `follow` is better. */
  eventSourceUrl(path: string): Promise<string>;
}

/** Each command gets a key unless it was given one; each request the language. */
function middleware(language: () => string | undefined): Middleware {
  return {
    onRequest({ request, schemaPath }) {
      const chosen = language();
      if (chosen !== undefined && !request.headers.has("accept-language")) {
        request.headers.set("accept-language", chosen);
      }
      if (commands.has(`${request.method} ${schemaPath}`) && !request.headers.has("idempotency-key")) {
        request.headers.set("idempotency-key", newKey());
      }
    },
  };
}

async function signOut(door: Door): Promise<string | null> {
  const url = `${door.way.baseUrl}/v1/auth/token`;
  // The cookie, where there is one, is deleted by the same answer.
  const credentials = door.cookie ? "include" : "same-origin";
  try {
    // A page that has not asked yet has no token, and its cookie would stay.
    if (door.cookie) await door.session.resume();
    const answer = await door.send({ safe: true }, (token) =>
      door.way.fetch(new Request(url, { method: "DELETE", headers: door.headers(token), credentials })),
    );
    const body = await bodyOf(answer);
    // Who is signed out already has what they wanted.
    if (!answer.ok && answer.status !== 401) throw errorOf(answer.status, body);
    return answer.ok ? ((body as Schemas["SignedOut"] | undefined)?.logout_url ?? null) : null;
  } finally {
    await door.session.forget();
  }
}

/** Makes a client. Nothing is sent yet. */
export function createGuichet(options: GuichetOptions): Guichet {
  const { language: given, fetch = (request) => globalThis.fetch(request), cookie = false } = options;
  const language = () => (typeof given === "function" ? given() : given);
  const way = { baseUrl: options.baseUrl.replace(/\/+$/, ""), fetch };
  const retry = retryOf(options.retry);
  const spoken = () => ({ ...(language() && { "accept-language": language() as string }) });
  const renewal = cookie ? renewalByCookie(way, spoken) : renewalByToken(way, spoken);
  const session = new Session(renewal, options.store ?? memoryStore(), retry, Date.now);
  const door = new Door(way, session, retry, language, cookie);
  const client = createClient<paths>({ baseUrl: way.baseUrl, fetch: (request) => door.forward(request) });
  client.use(middleware(language));
  const link = async (path: string) => (await links(door, [path]))[0]?.url ?? "";
  return Object.assign(client, {
    signIn: (credentials: Credentials) => session.signIn(credentials),
    resume: () => session.resume(),
    adopt: (tokens: TokenAnswer) => session.adopt(tokens),
    signOut: () => signOut(door),
    upload: <Path extends UploadPath>(path: Path, file: Blob, how: UploadOptions = {}) =>
      upload(door, path, file, how),
    follow: <Path extends FollowPath>(path: Path, how: FollowOptions<Path>) => follow(door, path, how),
    link,
    links: (paths: readonly string[]) => links(door, paths),
    eventSourceUrl: link,
  });
}

import type { Retry } from "./backoff.js";
import { once } from "./once.js";
import { bodyOf, errorOf, type Schemas } from "./problem.js";
import type { Credentials, Renewal, Tokens } from "./renewal.js";
import { again } from "./retry.js";
import { abortable } from "./wait.js";

/** Where tokens are kept. Unless one is given they are kept in memory, and end with the page. */
export interface TokenStore {
  /** What was saved last, by this page or another one; `null` when nobody is signed in. */
  load(): Tokens | null | Promise<Tokens | null>;
  /** Keeps tokens; `null` to forget them. */
  save(tokens: Tokens | null): void | Promise<void>;
}

/** Tokens are renewed so long before they end, ms: longer than a request is on its way. */
const EARLY_MS = 30_000;

/** A store in memory. */
export function memoryStore(): TokenStore {
  let kept: Tokens | null = null;
  return {
    load: () => kept,
    save: (tokens) => {
      kept = tokens;
    },
  };
}

/** Somebody's sign-in: the tokens, and how they are renewed. */
export class Session {
  readonly #renewal: Renewal;
  readonly #store: TokenStore;
  readonly #retry: Retry;
  readonly #now: () => number;
  readonly #renewOnce: () => Promise<string | null>;
  /** Grows with each sign-in and sign-out: tokens that were asked for before it are not kept after it. */
  #turn = 0;
  /** An access token that the server has refused before its time. */
  #refused: string | null = null;

  constructor(renewal: Renewal, store: TokenStore, retry: Retry, now: () => number) {
    this.#renewal = renewal;
    this.#store = store;
    this.#retry = retry;
    this.#now = now;
    this.#renewOnce = once(() => this.#renew());
  }

  /**
   * Signs in. Not sent again by itself: a code of the second factor serves once.
   *
   * @throws SecondFactorRequired, ChallengeRequired; GuichetProblem `wrong-credentials`, `sign-in-locked`, `too-many-requests`.
   */
  async signIn(credentials: Credentials): Promise<void> {
    const answer = await this.#renewal.signIn(credentials);
    const body = await bodyOf(answer);
    if (!answer.ok) throw errorOf(answer.status, body);
    await this.adopt(body as Schemas["TokenAnswer"]);
  }

  /** Takes over tokens that were had in another way, such as through an identity provider. */
  async adopt(answer: TokenAnswer): Promise<void> {
    this.#turn++;
    await this.#store.save(this.#tokens(answer));
  }

  /** Whether somebody is signed in; asks with what was kept, or with the cookie, when no access token holds. */
  async resume(): Promise<boolean> {
    return (await this.token()) !== null || (await this.#renewOnce()) !== null;
  }

  /**
   * The access token, renewed when it ends soon; `null` when nobody is signed in.
   *
   * @throws TypeError when the server cannot be reached; GuichetProblem when it cannot answer now (429, 503).
   */
  async token(signal?: AbortSignal | null): Promise<string | null> {
    const tokens = await this.#store.load();
    if (tokens === null) return null;
    if (this.#holds(tokens)) return tokens.access_token;
    return abortable(this.#renewOnce(), signal);
  }

  /** Another access token than one that was refused; `null` when the sign-in is over. Throws as `token` does. */
  async renewed(refused: string, signal?: AbortSignal | null): Promise<string | null> {
    this.#refused = refused;
    return abortable(this.#renewOnce(), signal);
  }

  /** Forgets the tokens. */
  async forget(): Promise<void> {
    this.#turn++;
    await this.#store.save(null);
  }

  async #renew(): Promise<string | null> {
    const tokens = await this.#store.load();
    // Another call, or another page with the same store, was faster.
    if (tokens !== null && this.#holds(tokens)) return tokens.access_token;
    const turn = this.#turn;
    const ask = this.#renewal.refresh(tokens);
    if (ask === null) return this.#end(turn);
    // Sent again as a read is: for 10 seconds a refresh token gives the same answer again.
    const answer = await again(this.#retry, { safe: true }, ask);
    const body = await bodyOf(answer);
    if (answer.status === 401) return this.#end(turn);
    if (!answer.ok) throw errorOf(answer.status, body);
    const renewed = this.#tokens(body as TokenAnswer);
    if (turn !== this.#turn) return this.#kept();
    await this.#store.save(renewed);
    return renewed.access_token;
  }

  async #end(turn: number): Promise<string | null> {
    if (turn !== this.#turn) return this.#kept();
    await this.forget();
    return null;
  }

  async #kept(): Promise<string | null> {
    return (await this.#store.load())?.access_token ?? null;
  }

  #holds(tokens: Tokens): boolean {
    return tokens.access_token !== this.#refused && tokens.ends_at_ms - this.#now() > EARLY_MS;
  }

  #tokens(answer: TokenAnswer): Tokens {
    return {
      access_token: answer.access_token,
      refresh_token: answer.refresh_token ?? null,
      ends_at_ms: this.#now() + answer.expires_in * 1_000,
    };
  }
}

/** An answer with tokens; without a refresh token where a cookie holds it. `expires_in` is in s. */
export type TokenAnswer = Pick<Schemas["TokenAnswer"], "access_token" | "expires_in"> &
  Partial<Pick<Schemas["TokenAnswer"], "refresh_token">>;

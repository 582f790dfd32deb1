import { wait } from "./wait.js";

/** How often, and how long after, a request is sent again. */
export interface RetryOptions {
  /** How many times more after the first; 6 unless given, 0 for never. */
  times?: number;
  /** The first wait, ms; each further one is twice as long. 250 unless given. */
  firstMs?: number;
  /** The longest wait of ours, ms; 5,000 unless given. */
  mostMs?: number;
  /** The longest `Retry-After` that is waited for, ms; a longer one is left to the caller. 10,000 unless given. */
  retryAfterMostMs?: number;
  /** Chance from 0 to 1; `Math.random` unless given. */
  random?: () => number;
  /** How to wait so many ms; for tests. */
  wait?: (ms: number, signal?: AbortSignal | null) => Promise<void>;
}

/** The same with everything given. */
export type Retry = Required<RetryOptions>;

/** Fills in what was not given. */
export function retryOf(options: RetryOptions = {}): Retry {
  return {
    times: options.times ?? 6,
    firstMs: options.firstMs ?? 250,
    mostMs: options.mostMs ?? 5_000,
    retryAfterMostMs: options.retryAfterMostMs ?? 10_000,
    random: options.random ?? Math.random,
    wait: options.wait ?? wait,
  };
}

/**
 * How long to wait before the next try, ms: between the half and the whole of a time that doubles. Half of it is chance, so that the
 * pages that a restart has cut off do not all come back at the same moment.
 *
 * @param tried How many tries have failed already, less one.
 */
export function backoffMs(tried: number, retry: Retry): number {
  const whole = Math.min(retry.mostMs, retry.firstMs * 2 ** tried);
  return (whole / 2) * (1 + retry.random());
}

/** What `Retry-After` says, ms; `null` when it is absent or is not a number of seconds. */
export function retryAfterMs(answer: Response): number | null {
  const header = answer.headers.get("retry-after");
  return header !== null && /^\d+$/.test(header) ? Number(header) * 1_000 : null;
}

/** How long to wait before an answer's request is sent again, ms; `null` when the answer is final. */
export function delayMs(answer: Response, tried: number, retry: Retry): number | null {
  const asked = retryAfterMs(answer);
  if (asked !== null && asked > retry.retryAfterMostMs) return null;
  switch (answer.status) {
    // 502 and 504 are what a proxy says while the server starts again.
    case 502:
    case 503:
    case 504:
      return asked === null ? backoffMs(tried, retry) : asked + retry.firstMs * retry.random();
    case 429:
      return asked;
    default:
      return null;
  }
}

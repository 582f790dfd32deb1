import { backoffMs } from "./backoff.js";
import type { Door } from "./door.js";
import { EventParser, type ServerSentEvent } from "./events.js";
import { bodyOf, errorOf, GuichetProblem, UnexpectedAnswer, type Schemas } from "./problem.js";
import { isBroken } from "./retry.js";
import { streamUrl } from "./stream_url.js";

/** What can be followed, and what comes of it. */
export interface Followed {
  /** Every event of the log, for auditors and administrators. */
  "/v1/events": Schemas["FeedEvent"];
  /** What happens to one ticket, for whoever may see it. */
  "/v1/tickets/{key}/history": Schemas["HistoryEntry"];
}

/** A path that can be followed. */
export type FollowPath = keyof Followed;

/** From where, and until when. */
export type FollowOptions<Path extends FollowPath> = {
  /**
   * What was seen last: the `position` of an event of the log, the `version` of an entry of a ticket, or the `lastEventId` of an
   * earlier feed. From the beginning unless given.
   */
  after?: number | string;
  /** Ends the feed, without an error: an endless list is never complete. */
  signal?: AbortSignal;
  /** After so long without a sign of life the connection is given up, ms; the server gives one every 15 s. 45,000 unless given. */
  silenceMostMs?: number;
} & (Path extends "/v1/events"
  ? { query?: Omit<EventsQuery, "after" | "limit"> }
  : { path: { key: string } });

type EventsQuery = NonNullable<import("./contract.js").paths["/v1/events"]["get"]["parameters"]["query"]>;

/** A feed: each item once, in order, for as long as it is followed. */
export interface Feed<Path extends FollowPath> extends AsyncIterable<Followed[Path]> {
  /** The id of the last item that was given: `after` of a feed that goes on from here. `null` before the first. */
  readonly lastEventId: string | null;
}

/** Refusals that pass by themselves. Broken connections are as good as a server that starts again. */
function passes(error: unknown): boolean {
  if (error instanceof GuichetProblem || error instanceof UnexpectedAnswer) {
    return error.status === 429 || error.status >= 500;
  }
  return isBroken(error);
}

/** One connection: its messages until it ends. */
class Connection {
  readonly #given = new AbortController();
  readonly #silenceMostMs: number;
  /** Whether the server said anything. */
  alive = false;

  constructor(silenceMostMs: number) {
    this.#silenceMostMs = silenceMostMs;
  }

  /** Asks for the stream. Throws what the answer stands for when it is none. */
  async open(door: Door, url: string, lastEventId: string | null, signal: AbortSignal | null): Promise<Response> {
    signal?.addEventListener("abort", this.close, { once: true });
    const answer = await this.#watched(
      door.authorized(this.#given.signal, (token) => {
        const headers = door.headers(token);
        headers.set("accept", "text/event-stream");
        if (lastEventId !== null) headers.set("last-event-id", lastEventId);
        return door.way.fetch(new Request(url, { headers, signal: this.#given.signal, cache: "no-store" }));
      }),
    );
    if (!answer.ok) throw errorOf(answer.status, await bodyOf(answer));
    if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) {
      throw new UnexpectedAnswer(answer.status, await bodyOf(answer));
    }
    return answer;
  }

  /** The messages of a stream. Throws when it breaks; ends when it ends. */
  async *messages(answer: Response): AsyncGenerator<ServerSentEvent, void, void> {
    if (answer.body === null) return;
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    const parser = new EventParser();
    for (;;) {
      const { done, value } = await this.#watched(reader.read());
      if (done) return;
      this.alive = true;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  }

  /** Ends it, whatever it is doing. */
  readonly close = (): void => this.#given.abort();

  /** Gives up when nothing comes for too long: a connection that was cut off silently would wait for ever. */
  async #watched<T>(promise: Promise<T>): Promise<T> {
    const silence = () => this.#given.abort(new TypeError("the server has fallen silent"));
    const timer = setTimeout(silence, this.#silenceMostMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Follows a feed live. When the connection ends, because the token ends, the server starts again or the network breaks, it asks
 * again for what comes after the last item: nothing is missed and nothing comes twice.
 *
 * @throws GuichetProblem for what does not pass by itself, such as `not-found`, or `unauthenticated` once the sign-in is over.
 */
export function follow<Path extends FollowPath>(door: Door, path: Path, options: FollowOptions<Path>): Feed<Path> {
  const { signal = null, silenceMostMs = 45_000 } = options;
  const url = door.way.baseUrl + streamUrl(path, options);
  let lastEventId = options.after === undefined ? null : String(options.after);
  const { retry } = door;

  async function* items(): AsyncGenerator<Followed[Path], void, void> {
    let failures = 0;
    while (!signal?.aborted) {
      const connection = new Connection(silenceMostMs);
      let wait = 0;
      try {
        const answer = await connection.open(door, url, lastEventId, signal);
        for await (const message of connection.messages(answer)) {
          lastEventId = message.id;
          yield JSON.parse(message.data) as Followed[Path];
        }
      } catch (error) {
        if (signal?.aborted) return;
        if (!passes(error)) throw error;
        if (error instanceof GuichetProblem) wait = (error.retry_after_s ?? 0) * 1_000;
      } finally {
        connection.close();
        signal?.removeEventListener("abort", connection.close);
      }
      failures = connection.alive ? 0 : failures + 1;
      await retry.wait(Math.max(wait, backoffMs(failures, retry)), signal).catch(() => undefined);
    }
  }

  return {
    get lastEventId() {
      return lastEventId;
    },
    [Symbol.asyncIterator]: items,
  };
}

/** One message of a stream of server-sent events. */
export interface ServerSentEvent {
  /** The last `id` so far; empty when there was none. */
  id: string;
  /** The lines of `data`, with line feeds between. */
  data: string;
}

/**
 * Reads the lines of `text/event-stream` (WHATWG HTML, "Server-sent events") from text that arrives in any pieces; the decoder has
 * taken a byte order mark away. A message that was not ended by an empty line is never given: its connection has broken, and it comes
 * again.
 */
export class EventParser {
  /** What is not yet a line. */
  #rest = "";
  /** Whether the last piece ended with CR, so that an LF at the beginning of the next belongs to it. */
  #afterCr = false;
  #id = "";
  #data: string[] = [];

  /** Takes a piece, and gives the messages that it ends. */
  push(piece: string): ServerSentEvent[] {
    let text = piece;
    if (this.#afterCr && text !== "") {
      this.#afterCr = false;
      if (text.startsWith("\n")) text = text.slice(1);
    }
    this.#afterCr ||= text.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerSentEvent[] {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    // A line that begins with a colon is a comment: its field is empty. `event` and `retry` are not used by the server.
    if (field === "data") this.#data.push(value);
    if (field === "id" && !value.includes("\0")) this.#id = value;
    return [];
  }

  #end(): ServerSentEvent[] {
    if (this.#data.length === 0) return [];
    const data = this.#data.join("\n");
    this.#data = [];
    return [{ id: this.#id, data }];
  }
}

import type { Parcel } from "./upload.js";

/** How much is handed to the network at once, bytes: a platform may hand over a file whole, which would tell nothing. */
const PIECE_BYTES = 64 * 1024;

/** The same stream in pieces, told of as the network takes them. */
function counted(source: ReadableStream<Uint8Array>, told: (bytes: number) => void): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let rest: Uint8Array | undefined;
  let bytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (rest === undefined || rest.byteLength === 0) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          rest = value;
        }
        const piece = rest.subarray(0, PIECE_BYTES);
        rest = rest.subarray(PIECE_BYTES);
        bytes += piece.byteLength;
        told(bytes);
        controller.enqueue(piece);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    // Nothing is read ahead: what was read was asked for.
    { highWaterMark: 0 },
  );
}

/** Sends a file as a stream, for platforms whose `fetch` takes one (Node). Throws as `fetch` does. */
export function sendStreamed(parcel: Parcel, fetch: (request: Request) => Promise<Response>): Promise<Response> {
  const { url, method, headers, signal, size } = parcel;
  // A response encodes a form as a request would, and hands out the bytes and the boundary.
  const encoded = new Response(parcel.body);
  const type = encoded.headers.get("content-type");
  if (type !== null) headers.set("content-type", type);
  const told = (bytes: number) => {
    // The form around the file is not counted.
    parcel.onProgress({ sent_bytes: Math.min(bytes, size), total_bytes: size });
  };
  const body = encoded.body && counted(encoded.body, told);
  // `duplex` is asked for by the standard when the body is a stream; the types do not know it yet.
  const init: RequestInit & { duplex: "half" } = { method, headers, body, signal, duplex: "half" };
  return fetch(new Request(url, init));
}

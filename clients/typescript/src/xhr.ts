import type { Parcel } from "./upload.js";

/** The headers of an answer, from the lines that `XMLHttpRequest` gives. */
function headersOf(lines: string): Headers {
  const headers = new Headers();
  for (const line of lines.trim().split(/[\r\n]+/)) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return headers;
}

/**
 * Sends a file by `XMLHttpRequest`, which tells how much was sent.
 *
 * @throws TypeError when the connection breaks, as `fetch` does; the reason of the signal when it is aborted.
 */
export function sendByXhr(parcel: Parcel): Promise<Response> {
  const { size, signal } = parcel;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open(parcel.method, parcel.url);
    parcel.headers.forEach((value, name) => request.setRequestHeader(name, value));
    const told = (event: ProgressEvent) => {
      // The form around the file is not counted.
      parcel.onProgress({ sent_bytes: Math.min(event.loaded, size), total_bytes: size });
    };
    request.upload.onprogress = told;
    // The last step need not be told as progress.
    request.upload.onload = told;
    request.onload = () => {
      const { status, statusText } = request;
      const headers = headersOf(request.getAllResponseHeaders());
      const body = request.responseText === "" ? null : request.responseText;
      resolve(new Response(body, { status, statusText, headers }));
    };
    request.onerror = () => reject(new TypeError("the connection broke while a file was sent"));
    request.onabort = () => reject((signal?.reason ?? new TypeError("the sending was ended")) as Error);
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort, { once: true });
    request.send(parcel.body);
  });
}

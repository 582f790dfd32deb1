import type { Door } from "./door.js";
import { newKey } from "./key.js";
import { bodyOf, errorOf, type Schemas } from "./problem.js";
import { sendByXhr } from "./xhr.js";
import { sendStreamed } from "./streamed.js";

/** Where a file can be sent: to a ticket, or as one's own picture. */
export type UploadPath = `/v1/tickets/${string}/attachments` | "/v1/me/avatar";

/** What the server answers: the attachment; nothing for a picture. */
export type Uploaded<Path extends UploadPath> = Path extends "/v1/me/avatar" ? null : Schemas["Attachment"];

/** How far it is: bytes of the file that were handed to the network, of its size. */
export interface Progress {
  sent_bytes: number;
  total_bytes: number;
}

/** How a file is sent. */
export interface UploadOptions {
  /** Its name; that of the `File` unless given. */
  name?: string;
  /** Told while it is sent, and from 0 again when it is sent again. */
  onProgress?: (progress: Progress) => void;
  /** Ends the sending. */
  signal?: AbortSignal;
  /** The `Idempotency-Key`; a fresh one unless given. */
  key?: string;
  /** The version that the ticket must have, as `If-Match` takes it: `tag(ticket.version)`. */
  ifMatch?: string;
}

/** A file on its way. */
export interface Parcel {
  url: string;
  method: "POST" | "PUT";
  headers: Headers;
  /** A form with the file, or the file itself. */
  body: FormData | Blob;
  /** Size of the file, bytes. */
  size: number;
  onProgress: (progress: Progress) => void;
  signal: AbortSignal | null;
}

/** Leaves out steps that are none: the form around a file has an end too. */
function stepsOf(onProgress: (progress: Progress) => void): (progress: Progress) => void {
  let last = -1;
  return (progress) => {
    if (progress.sent_bytes === last) return;
    last = progress.sent_bytes;
    onProgress(progress);
  };
}

function bodyFor(path: UploadPath, file: Blob, name: string): FormData | Blob {
  if (path === "/v1/me/avatar") return file;
  const form = new FormData();
  form.append("file", file, name);
  return form;
}

/**
 * Sends a file, again with the same key where its connection breaks. In browsers by `XMLHttpRequest`, since `fetch` there does not
 * tell how much was sent; elsewhere as a stream that is counted while it is read.
 *
 * @throws GuichetProblem, such as `too-large` or `stale-version`; the reason of the signal when it is aborted.
 */
export async function upload<Path extends UploadPath>(
  door: Door,
  path: Path,
  file: Blob,
  options: UploadOptions,
): Promise<Uploaded<Path>> {
  const { onProgress = () => undefined, signal = null } = options;
  const name = options.name ?? (file instanceof File ? file.name : "file");
  const key = options.key ?? newKey();
  const answer = await door.send({ safe: true, signal }, (token) => {
    const headers = door.headers(token);
    headers.set("idempotency-key", key);
    if (options.ifMatch !== undefined) headers.set("if-match", options.ifMatch);
    const parcel: Parcel = {
      url: door.way.baseUrl + path,
      method: path === "/v1/me/avatar" ? "PUT" : "POST",
      headers,
      body: bodyFor(path, file, name),
      size: file.size,
      onProgress: stepsOf(onProgress),
      signal,
    };
    return typeof XMLHttpRequest === "undefined" ? sendStreamed(parcel, door.way.fetch) : sendByXhr(parcel);
  });
  const body = await bodyOf(answer);
  if (!answer.ok) throw errorOf(answer.status, body);
  return (body ?? null) as Uploaded<Path>;
}

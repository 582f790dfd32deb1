// The program of a frontend's page: what frontend.mjs asks of it, with the package as a browser loads it. The fragment of the page's
// address is the address of the API.
import { createGuichet, isProblem, pages, unwrap } from "@guichet/client";

const api = decodeURIComponent(location.hash.slice(1));
const guichet = createGuichet({ baseUrl: api, language: "en" });
const byCookie = createGuichet({ baseUrl: api, language: "en", cookie: true });

async function open(summary) {
  const body = { desk: "SUP", type: "question", summary, description: "Made in a browser." };
  return unwrap(await guichet.POST("/v1/tickets", { body }));
}

async function list() {
  const query = { desk: "SUP", sort: "key" };
  const rows = [];
  for await (const { key, summary } of pages(guichet, "/v1/tickets", { query })) rows.push(`${key} ${summary}`);
  return rows;
}

/** A picture of that size, as PNG. */
async function picture(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = "teal";
  context.fillRect(0, 0, width / 2, height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return new File([blob], "picture.png", { type: "image/png" });
}

/** Shows what is at an address; answers its size in pixels, or `null` when the browser cannot show it. */
function show(url) {
  const image = document.body.appendChild(new Image());
  return new Promise((resolve) => {
    image.onload = () => resolve([image.naturalWidth, image.naturalHeight]);
    image.onerror = () => resolve(null);
    image.src = url;
  });
}

async function attachPicture(key, width, height) {
  const { id } = await guichet.upload(`/v1/tickets/${key}/attachments`, await picture(width, height));
  const path = `/v1/tickets/${key}/attachments/${id}`;
  return { path, linked: await show(await guichet.link(path)), bare: await show(api + path) };
}

async function setAvatar(width, height) {
  await guichet.upload("/v1/me/avatar", await picture(width, height));
  const path = unwrap(await guichet.GET("/v1/me")).profile.avatar;
  return { path, linked: await show(await guichet.link(path)), bare: await show(api + path) };
}

/** What was heard of a ticket, as docs/frontend.md says: a new address goes on after the last version that was seen. */
const live = { source: null, heard: [], messages: 0, opened: 0, seen: 0 };

async function listen(key) {
  live.source?.close();
  live.source = new EventSource(await guichet.eventSourceUrl(`/v1/tickets/${key}/history?after=${live.seen}`));
  live.source.onopen = () => live.opened++;
  live.source.onmessage = ({ lastEventId, data }) => {
    live.messages++;
    live.seen = Number(lastEventId);
    const { version, changes } = JSON.parse(data);
    live.heard.push({ id: live.seen, version, comment: changes.find(({ field }) => field === "comment")?.to ?? null });
  };
}

/** The state in which a stream at an address comes to rest: 1 open, 2 closed for good. */
function restsAt(url) {
  const source = new EventSource(url);
  return new Promise((resolve) => {
    source.onopen = source.onerror = () => {
      if (source.readyState === EventSource.CONNECTING) return;
      resolve(source.readyState);
      source.close();
    };
  });
}

/** Bytes that are the same each time and do not repeat soon. */
function bytes(size) {
  const words = new Uint32Array(Math.ceil(size / 4));
  let word = 1;
  for (let at = 0; at < words.length; at++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = word;
  }
  return new Uint8Array(words.buffer, 0, size);
}

async function digest(buffer) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", buffer));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send(key, size) {
  const sent = bytes(size);
  const steps = [];
  const file = new File([sent], "large « é ».bin");
  const onProgress = (step) => steps.push(step);
  const { id, name, sha256 } = await guichet.upload(`/v1/tickets/${key}/attachments`, file, { onProgress });
  const params = { path: { key, id } };
  const back = await guichet.GET("/v1/tickets/{key}/attachments/{id}", { params, parseAs: "arrayBuffer" });
  return { id, name, steps, sha256, sent: await digest(sent), back: await digest(unwrap(back)) };
}

/** What becomes of it: its value, or the name of its error. */
const outcome = (work) => work().catch((error) => (isProblem(error) ? error.code : error.name));

Object.assign(window, {
  page: {
    api, guichet, byCookie, live, open, list, show, attachPicture, setAvatar, listen, restsAt, send, outcome,
    signIn: async (credentials) => {
      await guichet.signIn(credentials);
      return unwrap(await guichet.GET("/v1/me")).account.username;
    },
    whoByCookie: async () => unwrap(await byCookie.GET("/v1/me")).account.username,
  },
});

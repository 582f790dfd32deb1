// A server that answers as a test tells it, request by request.
import { once } from "node:events";
import { createServer } from "node:http";

async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}

/** Starts one. `answers` are functions of the request, its response and its body: one for each request, in order. */
export async function fakeServer(answers) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    const answer = answers[requests.length - 1];
    if (answer === undefined) response.writeHead(500).end("one request more than was expected");
    else answer(response, body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { baseUrl: `http://127.0.0.1:${server.address().port}`, requests, close };
}

export const json = (status, body, headers = {}) => (response) => {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
};

/** A refusal as the server words it. */
export const refusal = (status, code, more = {}, headers = {}) =>
  json(
    status,
    { type: `/docs/errors/${code}`, title: code, status, detail: null, code, request_id: "r", errors: [], ...more },
    { "content-type": "application/problem+json", ...headers },
  );

export const tokens = (name) =>
  json(200, { access_token: name, token_type: "Bearer", expires_in: 900, refresh_token: `refresh-${name}` });

/** A connection that breaks before the answer. */
export const broken = (response) => response.socket.destroy();

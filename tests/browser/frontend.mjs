// The package of clients/typescript in a real browser, on a page of another origin than the API's: what no Node program shows, such as
// preflights, the browser's cache, <img>, EventSource, XMLHttpRequest and cookies.
//
//   node frontend.mjs GUICHET_BIN      (the package must be built: npm run build in clients/typescript)
//
// Starts the server, the page's own web server and a headless Chromium, all on the loopback and on free ports. Prints a line for each
// thing seen; exit status 1 at the first that is missing.
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Server } from '../../clients/typescript/tests/server_process.mjs';
import { makeWorkshop, removeWorkshop } from '../../clients/typescript/tests/workshop.mjs';
import { Browser, LOOK_AGAIN_MS, Page, WAIT_MS } from '../documents/browser.mjs';
import { startSite } from './site.mjs';

const PASSWORD = 'Guichet-demo-1';
const WATCHED = 'Written while you watch: « été » & <b>';
const UPLOAD_BYTES = 5 * 1024 * 1024 + 7;
const UPLOAD_BYTES_PER_S = 4 * 1024 * 1024;

/** A page of the frontend, and what the network tells of it. */
class Frontend extends Page {
  wrong = [];
  /** Requests by their ids, in their order. A preflight has one of its own. */
  asked = new Map();

  static async open(browser, origin, api) {
    const page = await this.blank(browser);
    page.api = api;
    for (const domain of ['Page', 'Runtime', 'Network']) await page.send(`${domain}.enable`);
    await page.load(`${origin}/#${encodeURIComponent(api)}`);
    return page;
  }

  async load(url) {
    await this.send('Page.navigate', { url });
    await this.ready();
  }

  ready() {
    return this.until('the program of the page', `document.readyState === 'complete' && window.page !== undefined`);
  }

  hear(method, params) {
    if (method === 'Runtime.exceptionThrown') {
      const { exception, text } = params.exceptionDetails;
      this.wrong.push(exception?.description ?? text);
    }
    if (!method.startsWith('Network.') || params.requestId === undefined) return;
    // What is told of a request comes in several messages, in no order that can be relied on.
    const request = this.asked.get(params.requestId) ?? {};
    this.asked.set(params.requestId, request);
    if (method === 'Network.requestWillBeSent') {
      const { url, method: verb } = params.request;
      Object.assign(request, { url, verb, type: params.type });
    }
    if (method === 'Network.requestWillBeSentExtraInfo') request.sent = lowerCased(params.headers);
    if (method === 'Network.responseReceived') request.shown = params.response.status;
    if (method === 'Network.responseReceivedExtraInfo') {
      Object.assign(request, { status: params.statusCode, received: lowerCased(params.headers) });
    }
    if (method === 'Network.loadingFailed') request.failed = params.corsErrorStatus?.corsError ?? params.errorText;
  }

  /** The requests of the API so far at a path, in their order. */
  requests(path, verb = 'GET') {
    const at = (url) => url?.startsWith(this.api) && new URL(url).pathname === path;
    return [...this.asked.values()].filter((request) => request.verb === verb && at(request.url));
  }

  /** Waits until the network has told so much of so many requests. */
  async told(path, count, isTold, verb = 'GET') {
    await waitFor(`${count} of ${verb} ${path}`, () => this.requests(path, verb).filter(isTold).length >= count);
    return this.requests(path, verb).filter(isTold);
  }

  /** Calls a function of the page. */
  call(name, ...given) {
    return this.value(`window.page.${name}(${given.map((one) => JSON.stringify(one)).join(', ')})`);
  }

  /** The same, for what may be refused: answers the code of the problem or the name of the error. */
  outcome(name, ...given) {
    return this.value(`window.page.outcome(() => window.page.${name}(${given.map((one) => JSON.stringify(one)).join(', ')}))`);
  }

  async says() {
    return JSON.stringify({ wrong: this.wrong, live: await this.value('window.page?.live') });
  }
}

const lowerCased = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

async function waitFor(what, isSo) {
  const deadline = Date.now() + WAIT_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((later) => setTimeout(later, LOOK_AGAIN_MS));
  }
}

function ok(what) {
  console.log(`ok: ${what}`);
}

async function signsIn(page, origin) {
  assert.equal(await page.outcome('signIn', { username: 'requester-1', password: 'not this one' }), 'wrong-credentials');
  assert.equal(await page.call('signIn', { username: 'requester-1', password: PASSWORD }), 'requester-1');
  const [preflight] = await page.told('/v1/auth/token', 1, ({ status }) => status !== undefined, 'OPTIONS');
  assert.equal(preflight.received['access-control-allow-origin'], origin);
  const sent = await page.told('/v1/auth/token', 2, ({ status }) => status !== undefined, 'POST');
  assert.deepEqual(sent.map(({ status }) => status), [401, 200]);
  ok(`a page of ${origin} signs in at ${page.api}: preflight ${preflight.status}, then ${sent.map(({ status }) => status).join(' and ')}`);
}

async function listsTickets(page, agent) {
  const { key } = await page.call('open', 'The first');
  await page.call('open', 'The second');
  const first = await page.call('list');
  const second = await page.call('list');
  assert.deepEqual(first, ['SUP-1 The first', 'SUP-2 The second']);
  assert.deepEqual(second, first);
  const edited = await agent.PATCH('/v1/tickets/{key}', { params: { path: { key } }, body: { summary: 'The first, changed' } });
  // Until the list shows it, to everybody.
  const { position } = edited.data;
  assert.equal((await agent.GET('/v1/tickets', { params: { query: { at_least: position } } })).response.status, 200);
  assert.deepEqual(await page.call('list'), ['SUP-1 The first, changed', 'SUP-2 The second']);
  const answers = await page.told('/v1/tickets', 3, ({ status }) => status !== undefined);
  assert.deepEqual(answers.map(({ status }) => status), [200, 304, 200]);
  assert.equal(answers[1].sent['if-none-match'], answers[0].received.etag);
  assert.match(answers[0].received.etag, /^(W\/)?".+"$/);
  assert.equal(answers[1].shown, 200);
  ok(`a list is answered ${answers.map(({ status }) => status).join(', ')}: the page has both tickets each time, and a change at once`);
  return key;
}

async function showsPictures(page, key) {
  const attached = await page.call('attachPicture', key, 123, 45);
  assert.deepEqual(attached.linked, [123, 45]);
  assert.equal(attached.bare, null);
  const avatar = await page.call('setAvatar', 300, 200);
  // A picture of an account is square.
  assert.deepEqual(avatar.linked, [128, 128]);
  assert.equal(avatar.bare, null);
  for (const { path } of [attached, avatar]) {
    const [linked, bare] = await page.told(new URL(path, page.api).pathname, 2, ({ status }) => status !== undefined);
    assert.deepEqual([linked.type, linked.status, bare.status], ['Image', 200, 401]);
    assert.equal(linked.sent.authorization, undefined);
  }
  const [picture, face] = [attached, avatar].map(({ linked }) => linked.join('×'));
  ok(`by signed links, <img> shows a picture of a ticket (${picture}) and an avatar (${face}); without, 401`);
}

/** What the page has heard of the ticket, once it is this comment. */
async function heard(page, comment) {
  const last = `window.page.live.heard.at(-1)?.comment === ${JSON.stringify(comment)}`;
  await page.until(`the comment “${comment}”`, last);
  return page.value('window.page.live');
}

async function followsTicket(page, server, agent) {
  const { key } = await page.call('open', 'Followed');
  const path = `/v1/tickets/${key}/history`;
  const say = async (body) => {
    const said = await agent.POST('/v1/tickets/{key}/comments', { params: { path: { key } }, body: { body } });
    assert.equal(said.response.status, 201);
  };
  await page.call('listen', key);
  await page.until('the stream', 'window.page.live.opened === 1');
  await say(WATCHED);
  await heard(page, WATCHED);

  // The browser comes back by itself at the same address, and tells what it had.
  await server.stop();
  await page.until('the break', 'window.page.live.source.readyState === EventSource.CONNECTING');
  await server.again();
  await say('Written before you came back');
  const same = await heard(page, 'Written before you came back');
  assert.equal(same.messages, 3, 'the stream went on after the last message');
  const resumed = (await page.told(path, 2, ({ status, sent }) => status === 200 && sent)).at(-1);
  assert.equal(resumed.sent['last-event-id'], '2');

  // And the page at a new address, after it missed something.
  await page.value('window.page.live.source.close()');
  await server.stop();
  await server.again();
  await say('Written while nobody listened');
  await page.call('listen', key);
  await heard(page, 'Written while nobody listened');
  await say('The last one');
  const { heard: all, messages } = await heard(page, 'The last one');
  const told = [null, WATCHED, 'Written before you came back', 'Written while nobody listened', 'The last one'];
  assert.deepEqual(all, told.map((comment, at) => ({ id: at + 1, version: at + 1, comment })));
  const { items } = (await agent.GET('/v1/tickets/{key}/history', { params: { path: { key } } })).data;
  assert.deepEqual(all.map(({ version }) => version), items.map(({ version }) => version));
  const streams = page.requests(path).filter(({ status }) => status === 200);
  assert.equal(streams.length, 3);
  for (const { type, sent } of streams) assert.deepEqual([type, sent.authorization], ['EventSource', undefined]);
  await page.value('window.page.live.source.close()');
  const how = `in ${streams.length} connections (${messages} messages) over two restarts, resumed after ${resumed.sent['last-event-id']}`;
  ok(`EventSource heard ${all.length - 1} comments of an agent, each once, ${how}`);
}

async function uploads(page, agent, key) {
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: UPLOAD_BYTES_PER_S };
  await page.send('Network.emulateNetworkConditions', slow);
  const { id, name, steps, sha256, sent, back } = await page.call('send', key, UPLOAD_BYTES);
  await page.send('Network.emulateNetworkConditions', { ...slow, uploadThroughput: -1 });
  assert.equal(name, 'large « é ».bin');
  const counts = steps.map(({ sent_bytes }) => sent_bytes);
  assert.ok(counts.length >= 5, `${counts}`);
  assert.deepEqual(counts, [...new Set(counts)].sort((one, other) => one - other));
  assert.ok(counts[0] < UPLOAD_BYTES / 2, `the first step is ${counts[0]}`);
  assert.deepEqual(steps.at(-1), { sent_bytes: UPLOAD_BYTES, total_bytes: UPLOAD_BYTES });
  assert.deepEqual([sha256, back], [sent, sent]);
  const kept = await agent.GET('/v1/tickets/{key}/attachments/{id}', { params: { path: { key, id } }, parseAs: 'arrayBuffer' });
  assert.equal(kept.data.byteLength, UPLOAD_BYTES);
  // The last: a picture was sent to the same ticket.
  const request = page.requests(`/v1/tickets/${key}/attachments`, 'POST').at(-1);
  assert.deepEqual([request.type, request.status], ['XHR', 201]);
  ok(`${UPLOAD_BYTES} bytes by XMLHttpRequest in ${counts.length} steps of progress, the first at ${counts[0]}; the same bytes back`);
}

/** A link and a stream by it are over with the sign-in. */
async function signsOut(page, key) {
  const url = await page.call('guichet.link', `/v1/tickets/${key}/history`);
  assert.equal(await page.call('restsAt', url), 1);
  await page.call('guichet.signOut');
  assert.equal(await page.call('restsAt', url), 2);
  assert.equal(await page.outcome('list'), 'unauthenticated');
  ok('after the sign-out a link is refused, and its EventSource is closed for good');
}

async function keepsCookie(page) {
  assert.equal(await page.call('byCookie.resume'), false);
  await page.call('byCookie.signIn', { username: 'requester-2', password: PASSWORD });
  await page.send('Page.reload');
  await page.until('another page', 'window.page !== undefined && window.page.live.opened === 0');
  await page.ready();
  assert.equal(await page.value('document.cookie'), '');
  assert.equal(await page.call('byCookie.resume'), true);
  assert.equal(await page.call('whoByCookie'), 'requester-2');
  const { cookies } = await page.send('Network.getCookies', { urls: [`${page.api}/v1/auth/cookie`] });
  assert.deepEqual(cookies.map(({ httpOnly, secure, sameSite, path }) => ({ httpOnly, secure, sameSite, path })), [
    { httpOnly: true, secure: true, sameSite: 'Strict', path: '/v1/auth/cookie' },
  ]);
  await page.call('byCookie.signOut');
  assert.deepEqual((await page.send('Network.getCookies', { urls: [`${page.api}/v1/auth/cookie`] })).cookies, []);
  assert.equal(await page.call('byCookie.resume'), false);
  ok('the next page goes on by a cookie that no script sees, and the sign-out takes it away');
}

async function isRefused(browser, stranger, api) {
  const page = await Frontend.open(browser, stranger, api);
  assert.equal(await page.outcome('signIn', { username: 'requester-1', password: PASSWORD }), 'TypeError');
  const [refused] = await page.told('/v1/auth/token', 1, ({ failed }) => failed, 'POST');
  assert.match(refused.failed, /^Preflight/);
  assert.equal(refused.status, undefined);
  // What needs no preflight is sent, and its answer is kept from the page.
  const read = await page.value(`fetch('${api}/healthz').then(() => 'read', (error) => error.name)`);
  assert.equal(read, 'TypeError');
  const [kept] = await page.told('/healthz', 1, ({ failed }) => failed);
  assert.equal(kept.failed, 'MissingAllowOriginHeader');
  assert.deepEqual(page.wrong, []);
  ok(`a page of ${stranger} is refused by CORS: ${refused.failed} for the sign-in, ${kept.failed} for a read`);
}

async function agentOf(workshop, server) {
  const module = join(workshop, 'node_modules/@guichet/client/dist/index.js');
  const { createGuichet } = await import(pathToFileURL(module).href);
  const agent = createGuichet({ baseUrl: server.api, language: 'en' });
  await agent.signIn({ username: 'agent', password: PASSWORD });
  return agent;
}

async function run(started) {
  const { workshop } = started;
  const modules = join(workshop, 'node_modules');
  const [site, stranger] = [(started.site = await startSite(modules)), (started.stranger = await startSite(modules))];
  const server = (started.server = await Server.start({ GUICHET_CORS_ORIGINS: site.origin }));
  const browser = (started.browser = await Browser.start());
  const agent = await agentOf(workshop, server);
  const page = await Frontend.open(browser, site.origin, server.api);
  await signsIn(page, site.origin);
  const key = await listsTickets(page, agent);
  await showsPictures(page, key);
  await uploads(page, agent, key);
  await followsTicket(page, server, agent);
  await signsOut(page, key);
  await keepsCookie(page);
  assert.deepEqual(page.wrong, []);
  await isRefused(browser, stranger.origin, server.api);
}

const program = process.argv[2];
if (!program) {
  console.error('usage: node frontend.mjs GUICHET_BIN');
  process.exit(2);
}
process.env.GUICHET_BIN = resolve(program);
const started = { workshop: await makeWorkshop() };
try {
  await run(started);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await started.browser?.stop();
  await started.server?.remove();
  for (const site of [started.site, started.stranger]) await site?.stop();
  await removeWorkshop(started.workshop);
}

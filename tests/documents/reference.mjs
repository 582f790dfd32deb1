// The page of the reference in a real browser: signs in by the keyboard, tries an operation out, is refused, refreshes, signs out.
//
//   node reference.mjs URL      (a server with the demo world, without a path)
//
// Drives `chromium-headless-shell` (or what CHROMIUM names) by the DevTools protocol over a pipe. Prints a line for each thing seen;
// exit status 1 when one is missing.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { Browser, LOOK_AGAIN_MS, Page as BlankPage, WAIT_MS } from './browser.mjs';

const PASSWORD = 'Guichet-demo-1';
const WORDS = {
  'en-GB': { page: 'en', signIn: 'Sign in', noName: 'Wrong user name or password', as: /^Signed in as .*\(requester-1\)$/ },
  'fr-FR': { page: 'fr', signIn: 'Se connecter', noName: 'Identifiant ou mot de passe incorrect', as: /^Connecté : .*\(requester-1\)$/ },
};

/** A page in a language: what it did wrong, and what it asked the server. */
class Page extends BlankPage {
  wrong = [];
  asked = [];
  endsSoon = false;

  static async open(browser, url, acceptLanguage) {
    const page = await this.blank(browser);
    page.origin = new URL(url).origin;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`);
    const { userAgent } = await browser.send('Browser.getVersion');
    await page.send('Emulation.setUserAgentOverride', { userAgent, acceptLanguage });
    await page.send('Fetch.enable', { patterns: [{ urlPattern: '*/v1/auth/token', requestStage: 'Response' }] });
    await page.send('Page.navigate', { url });
    await page.until('Swagger UI to show operations', "document.querySelector('.opblock-tag')");
    return page;
  }

  hear(method, params) {
    if (method === 'Runtime.exceptionThrown') {
      const { exception, text } = params.exceptionDetails;
      this.wrong.push(exception?.description ?? text);
    }
    // A refusal of the server is one of these too, and is looked at where it is asked for.
    if (method === 'Log.entryAdded' && params.entry.level === 'error' && params.entry.source !== 'network') {
      this.wrong.push(params.entry.text);
    }
    if (method === 'Network.requestWillBeSent') {
      const { url } = params.request;
      if (!/^(data|blob):/.test(url) && new URL(url).origin !== this.origin) this.wrong.push(`it asks ${url}`);
    }
    if (method === 'Network.responseReceived') this.asked.push(`${params.response.status} ${new URL(params.response.url).pathname}`);
    if (method === 'Fetch.requestPaused') this.passOn(params).catch((error) => this.wrong.push(String(error)));
  }

  /** Passes an answer on; one with tokens that seem to end soon when the test wants it so. */
  async passOn({ requestId, responseStatusCode, responseHeaders, request }) {
    if (!this.endsSoon || responseStatusCode !== 200 || request.method !== 'POST') {
      await this.send('Fetch.continueRequest', { requestId });
      return;
    }
    this.endsSoon = false;
    const { body, base64Encoded } = await this.send('Fetch.getResponseBody', { requestId });
    const tokens = JSON.parse(Buffer.from(body, base64Encoded ? 'base64' : 'utf8'));
    const changed = Buffer.from(JSON.stringify({ ...tokens, expires_in: 61 })).toString('base64');
    const kept = responseHeaders.filter(({ name }) => !/^content-(length|encoding)$/i.test(name));
    await this.send('Fetch.fulfillRequest', { requestId, responseCode: 200, responseHeaders: kept, body: changed });
  }

  async says() {
    const text = await this.value('document.querySelector(".page-head")?.innerText');
    return `the page says: ${text}; ${this.wrong}`;
  }

  async click(selector) {
    await this.until(selector, `document.querySelector(${JSON.stringify(selector)})`);
    await this.value(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  async press(key, code) {
    const event = { key, code: key, windowsVirtualKeyCode: code, text: key === 'Enter' ? '\r' : undefined };
    await this.send('Input.dispatchKeyEvent', { ...event, type: 'keyDown' });
    await this.send('Input.dispatchKeyEvent', { ...event, type: 'keyUp', text: undefined });
  }

  focused() {
    return this.value('document.activeElement.id');
  }

  /** Types into the form as somebody without a mouse does, from the field that has the focus on. */
  async signIn(username, password) {
    await this.value("document.getElementById('username').focus()");
    await this.value("document.getElementById('sign-in').reset()");
    await this.send('Input.insertText', { text: username });
    await this.press('Tab', 9);
    assert.equal(await this.focused(), 'password');
    await this.send('Input.insertText', { text: password });
    await this.press('Enter', 13);
  }

  alert() {
    return this.until('an alert', "document.getElementById('alert').textContent");
  }

  /** Executes GET /v1/me in Swagger UI; answers the status and the body that it shows. */
  async me() {
    const operation = "document.querySelector('[id^=\"operations-\"][id$=\"-get_me\"]')";
    if (!(await this.value(`${operation} !== null`))) {
      const contract = "fetch('../openapi.json').then((answer) => answer.json())";
      const tag = await this.value(`${contract}.then((contract) => contract.paths['/v1/me'].get.tags[0])`);
      await this.value(`document.querySelector('.opblock-tag[data-tag="${tag}"] button').click()`);
      await this.until('the operation', operation);
      await this.value(`${operation}.querySelector('.opblock-summary-control').click()`);
      await this.until('Try it out', `${operation}.querySelector('.try-out__btn')`);
      await this.value(`${operation}.querySelector('.try-out__btn').click()`);
    } else {
      await this.value(`${operation}.querySelector('.btn-clear').click()`);
      await this.until('no answer', `!${operation}.querySelector('.live-responses-table')`);
    }
    await this.until('Execute', `${operation}.querySelector('.execute')`);
    await this.value(`${operation}.querySelector('.execute').click()`);
    await this.until('an answer', `${operation}.querySelector('.live-responses-table .response-col_description pre')`);
    const answer = `${operation}.querySelector('.live-responses-table .response')`;
    return {
      status: await this.value(`${answer}.querySelector('.response-col_status').innerText.trim().split(/\\s/)[0]`),
      body: await this.value(`${answer}.querySelector('.response-col_description').innerText`),
      token: await this.value(`/Bearer ([^'\\s]+)/.exec(${operation}.querySelector('.curl-command').innerText)?.[1] ?? ''`),
    };
  }

  async close() {
    assert.deepEqual(this.wrong, []);
    await this.browser.send('Target.closeTarget', { targetId: this.target });
  }
}

function seen(what) {
  console.log(`seen: ${what}`);
}

async function tryPage(browser, url, locale) {
  const words = WORDS[locale];
  const page = await Page.open(browser, url, locale);
  assert.equal(await page.value('document.documentElement.lang'), words.page);
  assert.equal(await page.value("document.getElementById('sign-in-title').textContent"), words.signIn);
  const unlabelled = "[...document.querySelectorAll('.page-head input')].filter((input) => input.labels.length !== 1)";
  assert.deepEqual(await page.value(`${unlabelled}.map((input) => input.id)`), []);
  assert.equal(await page.value("document.querySelectorAll('script:not([src])').length"), 0);
  seen(`${locale}: the page in its language, each field with a label, no inline script`);

  await page.press('Tab', 9);
  assert.equal(await page.value('document.activeElement.className'), 'skip');
  await page.press('Tab', 9);
  assert.equal(await page.focused(), 'username');
  seen(`${locale}: by the keyboard, the skip link and then the form`);

  // After the third, the server asks for a challenge, which the page solves by itself.
  for (let wrong = 0; wrong < 4; wrong += 1) {
    await page.signIn('requester-1', 'not this one');
    assert.equal(await page.alert(), words.noName);
    await page.until('the button', "document.getElementById('sign-in-button').ariaDisabled === 'false'");
    assert.equal(await page.focused(), 'password');
  }
  seen(`${locale}: a wrong password four times: ${words.noName}`);
  const before = page.asked.filter((asked) => asked === '401 /v1/auth/token').length;
  assert.equal(before, 5);

  await page.signIn('requester-1', PASSWORD);
  assert.match(await page.until('who is signed in', "document.getElementById('who').textContent"), words.as);
  assert.equal(await page.focused(), 'sign-out');
  assert.equal(await page.value("document.getElementById('alert').textContent"), '');
  assert.equal(await page.value("document.getElementById('password').value"), '');
  assert.ok(page.asked.filter((asked) => asked === '401 /v1/auth/token').length === before + 1, 'no challenge was asked for');
  seen(`${locale}: signed in after a challenge`);

  const answer = await page.me();
  assert.equal(answer.status, '200');
  assert.match(answer.body, /"username": "requester-1"/);
  seen(`${locale}: GET /v1/me by "Try it out": 200 and requester-1`);

  await page.press('Enter', 13);
  await page.until('the form', "!document.getElementById('sign-in').hidden");
  await page.until('signed out at the server', "document.getElementById('status').textContent");
  const after = await page.me();
  assert.equal(after.status, '401');
  assert.equal(after.token, '');
  seen(`${locale}: signed out, and the same is 401`);
  return page;
}

async function refreshes(page) {
  page.endsSoon = true;
  await page.signIn('requester-1', PASSWORD);
  await page.until('who is signed in', "!document.getElementById('signed-in').hidden");
  const first = await page.me();
  const deadline = Date.now() + WAIT_MS;
  while (!page.asked.includes('200 /v1/auth/refresh')) {
    assert.ok(Date.now() < deadline, 'nothing was refreshed');
    await new Promise((later) => setTimeout(later, LOOK_AGAIN_MS));
  }
  const second = await page.me();
  assert.deepEqual([first.status, second.status], ['200', '200']);
  assert.notEqual(first.token, second.token);
  seen('the token is refreshed before it ends, and the new one is sent');
}

/** Somebody ends the sign-in elsewhere: the page says so and shows the form. */
async function isEnded(page, server) {
  const { access_token: token } = await ask(server, '', '/v1/auth/token', { username: 'requester-1', password: PASSWORD });
  const ended = await fetch(`${server}/v1/me/sign-ins`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  assert.equal(ended.status, 204);
  assert.equal((await page.me()).status, '401');
  assert.match(await page.alert(), /ended|pris fin/);
  assert.equal(await page.value("document.getElementById('sign-in').hidden"), false);
  seen('a sign-in that was ended elsewhere is told');
}

/** The code that an authenticator shows now (RFC 6238). */
function codeOf(secret) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac('sha1', key).update(step).digest();
  return String((digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** An answer of the server itself. */
async function ask(server, token, path, body) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${server}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${text}`);
  return text ? JSON.parse(text) : {};
}

/** Who has a second factor is asked for a code, and only then sees the field. */
async function asksForCode(page, server) {
  const credentials = { username: 'requester-2', password: PASSWORD };
  const { access_token: token } = await ask(server, '', '/v1/auth/token', credentials);
  const { secret } = await ask(server, token, '/v1/me/second-factor', { password: PASSWORD });
  const { codes } = await ask(server, token, '/v1/me/second-factor/confirmation', { code: codeOf(secret) });
  try {
    assert.equal(await page.value("document.getElementById('code-field').hidden"), true);
    await page.signIn('requester-2', PASSWORD);
    await page.until('the field of the code', "!document.getElementById('code-field').hidden");
    assert.equal(await page.focused(), 'code');
    await page.send('Input.insertText', { text: 'not a code' });
    await page.press('Enter', 13);
    await page.until('the code to be wrong', "document.getElementById('code').ariaInvalid === 'true'");
    assert.equal(await page.focused(), 'code');
    await page.value("document.getElementById('code').value = ''");
    await page.send('Input.insertText', { text: codes[0] });
    await page.press('Enter', 13);
    assert.match(await page.until('who is signed in', "document.getElementById('who').textContent"), /requester-2/);
    assert.equal(await page.value("document.getElementById('code').value"), '');
    await page.click('#sign-out');
    await page.until('signed out at the server', "document.getElementById('status').textContent");
  } finally {
    await ask(server, token, '/v1/me/second-factor/removal', { password: PASSWORD, code: codes[1] });
  }
  seen('a code is asked for where there is a second factor');
}

/** Whoever leaves the page is signed out. */
async function endsWithThePage(page, server) {
  const { access_token: token } = await ask(server, '', '/v1/auth/token', { username: 'requester-1', password: PASSWORD });
  const count = async () => {
    const answer = await fetch(`${server}/v1/me/sign-ins`, { headers: { authorization: `Bearer ${token}` } });
    return (await answer.json()).items.length;
  };
  const before = await count();
  await page.signIn('requester-1', PASSWORD);
  await page.until('who is signed in', "!document.getElementById('signed-in').hidden");
  assert.equal(await count(), before + 1);
  await page.send('Page.navigate', { url: 'about:blank' });
  const deadline = Date.now() + WAIT_MS;
  while ((await count()) !== before) {
    assert.ok(Date.now() < deadline, 'the sign-in goes on');
    await new Promise((later) => setTimeout(later, LOOK_AGAIN_MS));
  }
  seen('who leaves the page is signed out');
}

const server = process.argv[2]?.replace(/\/$/, '');
if (!server) {
  console.error('usage: node reference.mjs URL');
  process.exit(2);
}
const browser = await Browser.start();
try {
  const english = await tryPage(browser, `${server}/docs/`, 'en-GB');
  await refreshes(english);
  await isEnded(english, server);
  await asksForCode(english, server);
  await endsWithThePage(english, server);
  await english.close();
  const french = await tryPage(browser, `${server}/docs/`, 'fr-FR');
  await french.close();
} finally {
  await browser.stop();
}

// The page of the reference: signs in beside Swagger UI, so that "Try it out" works, and keeps the sign-in as long as the page.
//
// Tokens live in this script only. Nothing is stored: a page that is left signs out.
'use strict';

/** How long before its end an access token is refreshed, s, and how soon that is tried again when it failed, s. */
const EARLY_S = 60;
const AGAIN_S = 10;
/** How many solutions of a challenge are tried before the page may draw. */
const TRIES_AT_ONCE = 4096;
/** The security scheme of the contract that an access token belongs to. */
const SCHEME = 'bearer';

const TEXTS = {
  en: {
    title: 'Guichet: API reference',
    skip: 'Skip to the reference',
    signIn: 'Sign in',
    username: 'User name',
    password: 'Password',
    code: 'Verification code',
    signOut: 'Sign out',
    signedInAs: (name, username) => `Signed in as ${name} (${username})`,
    working: 'Signing in …',
    signedOut: 'Signed out.',
    ended: 'The sign-in has ended. Sign in again.',
    noAnswer: 'The server does not answer.',
    retry: (seconds) => `Try again in ${seconds} s.`,
  },
  fr: {
    title: 'Guichet : référence de l’API',
    skip: 'Aller à la référence',
    signIn: 'Se connecter',
    username: 'Identifiant',
    password: 'Mot de passe',
    code: 'Code de vérification',
    signOut: 'Se déconnecter',
    signedInAs: (name, username) => `Connecté : ${name} (${username})`,
    working: 'Connexion …',
    signedOut: 'Vous êtes déconnecté.',
    ended: 'La connexion a pris fin. Connectez-vous à nouveau.',
    noAnswer: 'Le serveur ne répond pas.',
    retry: (seconds) => `Réessayez dans ${seconds} s.`,
  },
};
const language = navigator.language.toLowerCase().startsWith('fr') ? 'fr' : 'en';
const texts = TEXTS[language];

const element = (id) => document.getElementById(id);
/** An address of the API: it lies where the directory of this page does. */
const address = (path) => new URL(`..${path}`, document.baseURI).href;

/** Who is signed in: `{access, refresh, endsAt}`, or null. */
let session = null;
/** The refresh that is on its way, so that there are never two. */
let refreshing = null;
let timer = 0;
let ui = null;

/** An answer that is no success, with the words for the person. */
class Refused extends Error {
  constructor(status, problem) {
    const faults = (problem.errors ?? []).map((fault) => `${fault.pointer} ${fault.detail}`);
    const retry = problem.retry_after_s ? texts.retry(problem.retry_after_s) : '';
    super([problem.title ?? `HTTP ${status}`, problem.detail, ...faults, retry].filter(Boolean).join(' '));
    this.status = status;
    this.problem = problem;
  }
}

async function call(method, path, { body, token, keepalive = false } = {}) {
  const headers = { 'Accept-Language': language };
  if (body) headers['Content-Type'] = 'application/json';
  if (token) headers.Authorization = `Bearer ${token}`;
  const options = { method, headers, keepalive, body: body && JSON.stringify(body), credentials: 'omit', cache: 'no-store' };
  const answer = await fetch(address(path), options);
  const text = await answer.text();
  let json = {};
  try {
    json = text ? JSON.parse(text) : {};
  } catch {
    // A proxy in front may answer with a page; the status says enough.
  }
  if (!answer.ok) throw new Refused(answer.status, json);
  return json;
}

/** Takes tokens, solving the challenge that comes after some failures. */
async function takeTokens(credentials) {
  try {
    return await call('POST', '/v1/auth/token', { body: credentials });
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.code !== 'challenge-required') throw error;
    const challenge = await solve(error.problem.challenge);
    return call('POST', '/v1/auth/token', { body: { ...credentials, challenge } });
  }
}

function keep(tokens) {
  session = { access: tokens.access_token, refresh: tokens.refresh_token, endsAt: Date.now() + tokens.expires_in * 1000 };
  refreshIn(tokens.expires_in - EARLY_S);
  authorize();
}

function refreshIn(seconds) {
  clearTimeout(timer);
  timer = setTimeout(() => refresh().catch(() => refreshIn(AGAIN_S)), Math.max(0, seconds) * 1000);
}

/** Takes new tokens. Throws when the server cannot be asked now; a sign-in that has ended is shown. */
function refresh() {
  const asked = session;
  if (!asked) return Promise.resolve();
  refreshing ??= call('POST', '/v1/auth/refresh', { body: { refresh_token: asked.refresh } })
    .then((tokens) => {
      if (session === asked) keep(tokens);
    })
    .catch((error) => {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      if (session === asked) forget(texts.ended);
    })
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

/** Lets Swagger UI send the token, once it knows the contract. */
function authorize() {
  if (session) ui?.preauthorizeApiKey(SCHEME, session.access);
}

/** Forgets the tokens and shows the form. */
function forget(alert) {
  session = null;
  clearTimeout(timer);
  ui?.authActions.logout([SCHEME]);
  for (const id of ['who', 'roles']) element(id).textContent = '';
  element('signed-in').hidden = true;
  element('sign-in').hidden = false;
  say({ alert });
}

function say({ alert = '', status = '' }) {
  element('alert').textContent = alert;
  element('status').textContent = status;
}

/** Marks the fields that a refusal is about. */
function blame(fields) {
  for (const id of ['username', 'password', 'code']) {
    const input = element(id);
    if (fields.includes(id)) {
      input.setAttribute('aria-invalid', 'true');
      input.setAttribute('aria-describedby', 'alert');
    } else {
      input.removeAttribute('aria-invalid');
      input.removeAttribute('aria-describedby');
    }
  }
}

async function signIn(event) {
  event.preventDefault();
  const button = element('sign-in-button');
  if (button.ariaDisabled === 'true') return;
  button.ariaDisabled = 'true';
  blame([]);
  say({ status: texts.working });
  const credentials = { username: element('username').value, password: element('password').value };
  const code = element('code').value.trim();
  if (code) credentials.code = code;
  try {
    const tokens = await takeTokens(credentials);
    const me = await call('GET', '/v1/me', { token: tokens.access_token });
    keep(tokens);
    welcome(me);
  } catch (error) {
    refuse(error, code);
  } finally {
    button.ariaDisabled = 'false';
  }
}

function welcome({ account, roles }) {
  element('sign-in').reset();
  element('code-field').hidden = true;
  element('sign-in').hidden = true;
  element('signed-in').hidden = false;
  element('who').textContent = texts.signedInAs(account.name, account.username);
  element('roles').textContent = roles.map((role) => role.profile).join(', ');
  say({ status: '' });
  element('sign-out').focus();
}

function refuse(error, code) {
  const isRefused = error instanceof Refused;
  say({ alert: isRefused ? error.message : texts.noAnswer });
  if (!isRefused) return;
  if (error.problem.code === 'second-factor-required') {
    element('code-field').hidden = false;
    blame(code ? ['code'] : []);
    element('code').focus();
  } else if (error.problem.code === 'wrong-credentials') {
    // It is not told which of them is wrong.
    blame(code ? ['username', 'password', 'code'] : ['username', 'password']);
    element(code ? 'code' : 'password').select();
  }
}

async function signOut() {
  const { access } = session;
  forget('');
  element('username').focus();
  try {
    await call('DELETE', '/v1/auth/token', { token: access });
    say({ status: texts.signedOut });
  } catch (error) {
    // One that has ended already is what was asked for.
    const isOver = error instanceof Refused && error.status === 401;
    say(isOver ? { status: texts.signedOut } : { alert: error instanceof Refused ? error.message : texts.noAnswer });
  }
}

/** Before each request of Swagger UI: a token that is about to end is refreshed first. One that was typed there is left alone. */
async function beforeRequest(request) {
  const sent = session && request.headers?.Authorization === `Bearer ${session.access}`;
  if (sent && Date.now() > session.endsAt - EARLY_S * 1000) {
    await refresh().catch(() => {});
    if (session) request.headers.Authorization = `Bearer ${session.access}`;
  }
  return request;
}

/** After each: whether the sign-in has ended is asked the server, and then told. */
function afterAnswer(answer) {
  if (answer.status === 401 && answer.obj?.code === 'unauthenticated') refresh().catch(() => {});
  return answer;
}

/** A text such that the SHA-256 of `<token>:<text>` begins with the zero bits that the challenge asks for. */
async function solve({ token, bits }) {
  for (let tried = 0; ; tried += 1) {
    const solution = tried.toString(36);
    if (leadingZeros(sha256(`${token}:${solution}`)) >= bits) return { token, solution };
    if (tried % TRIES_AT_ONCE === 0) await new Promise((drawn) => setTimeout(drawn));
  }
}

function leadingZeros(words) {
  let zeros = 0;
  for (const word of words) {
    zeros += Math.clz32(word);
    if (word !== 0) break;
  }
  return zeros;
}

/** The first 32 bits of the fractional parts of a root of the first primes (FIPS 180-4, 4.2.2 and 5.3.3). */
function rootsOfPrimes(count, exponent) {
  const primes = [];
  for (let number = 2; primes.length < count; number += 1) {
    if (primes.every((prime) => number % prime)) primes.push(number);
  }
  return primes.map((prime) => ((prime ** exponent) % 1) * 2 ** 32 | 0);
}
const ROUNDS = rootsOfPrimes(64, 1 / 3);
const START = rootsOfPrimes(8, 1 / 2);

/** SHA-256 of an ASCII text, as eight words. The browser's own is slow for many short texts, and not there over plain HTTP. */
function sha256(text) {
  const blocks = Math.ceil((text.length + 9) / 64);
  const bytes = new DataView(new ArrayBuffer(blocks * 64));
  for (let at = 0; at < text.length; at += 1) bytes.setUint8(at, text.charCodeAt(at));
  bytes.setUint8(text.length, 0x80);
  bytes.setUint32(blocks * 64 - 4, text.length * 8);
  const turned = (word, by) => (word >>> by) | (word << (32 - by));
  const state = [...START];
  const words = new Int32Array(64);
  for (let block = 0; block < blocks; block += 1) {
    for (let at = 0; at < 64; at += 1) {
      if (at < 16) {
        words[at] = bytes.getInt32(block * 64 + at * 4);
        continue;
      }
      const [early, late] = [words[at - 15], words[at - 2]];
      const small0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
      const small1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
      words[at] = words[at - 16] + small0 + words[at - 7] + small1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let at = 0; at < 64; at += 1) {
      const big1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const first = (h + big1 + ((e & f) ^ (~e & g)) + ROUNDS[at] + words[at]) | 0;
      const big0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => {
      state[at] = (state[at] + word) | 0;
    });
  }
  return state;
}

/** What Swagger UI leaves without a name, or out of the keyboard's reach. */
const NAMES = [
  ['#servers', 'aria-label', 'Servers'],
  ['.copy-to-clipboard button', 'aria-label', 'Copy to clipboard'],
  ['.operation-filter-input', 'aria-label', 'Filter by tag'],
  ['.swagger-ui .microlight, .swagger-ui .curl', 'tabindex', '0'],
];

function nameAll() {
  for (const [selector, attribute, value] of NAMES) {
    for (const unnamed of document.querySelectorAll(`:is(${selector}):not([${attribute}])`)) unnamed.setAttribute(attribute, value);
  }
}

document.documentElement.lang = language;
document.title = texts.title;
for (const named of document.querySelectorAll('[data-text]')) named.textContent = texts[named.dataset.text];
element('sign-in').hidden = false;
element('sign-in').addEventListener('submit', signIn);
element('sign-out').addEventListener('click', signOut);
new MutationObserver(nameAll).observe(element('swagger-ui'), { childList: true, subtree: true });
// Nobody has the tokens after the page: the sign-in ends with it.
window.addEventListener('pagehide', () => {
  if (!session) return;
  call('DELETE', '/v1/auth/token', { token: session.access, keepalive: true }).catch(() => {});
  forget('');
});

const system = SwaggerUIBundle({
  dom_id: '#swagger-ui',
  url: address('/openapi.json'),
  deepLinking: true,
  docExpansion: 'none',
  displayRequestDuration: true,
  filter: true,
  validatorUrl: null,
  requestInterceptor: beforeRequest,
  responseInterceptor: afterAnswer,
  onComplete: () => {
    ui = system;
    authorize();
  },
});

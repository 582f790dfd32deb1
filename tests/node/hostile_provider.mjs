// An OpenID provider for the tests that says whatever it is told: no real one signs what it should not. Signed with jose, on a free
// port of loopback.
//
//   node hostile_provider.mjs
//
// Prints `oidc listening on http://127.0.0.1:PORT`. Each line on standard input is a JSON object, answered by `known`:
//   claims       what the next ID token says, beside `iss`, `aud`, `exp` and `iat` that are right unless given
//   signed_by    `own` (as published), `rotated` (published from now on in place of the one before), `other` (never published)
//   at_hash      `right` or `wrong`: a hash of the access token in the ID token
// Ends when standard input ends.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

const ACCESS_TOKEN = 'an access token of this test';
const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

async function made(kid) {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } };
}

let own = await made('key-1');
const other = { ...(await made('key-1')) };
let told = {};

const atHash = (token) => createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');

async function idToken() {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: 'guichet', iat: now, exp: now + 600, ...told.claims };
  if (told.at_hash) claims.at_hash = atHash(told.at_hash === 'right' ? ACCESS_TOKEN : 'another');
  const key = told.signed_by === 'other' ? other : own;
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(key.privateKey);
}

const answers = {
  '/.well-known/openid-configuration': () => ({
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }),
  '/jwks': () => ({ keys: [own.jwk] }),
  '/token': async () => ({ access_token: ACCESS_TOKEN, token_type: 'Bearer', id_token: await idToken() }),
};

server.on('request', async (request, response) => {
  const answer = answers[new URL(request.url, issuer).pathname];
  response.statusCode = answer ? 200 : 404;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer ? await answer() : {}));
});

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    told = JSON.parse(line);
    if (told.signed_by === 'rotated') own = await made(`key-${Date.now()}`);
    console.log('known');
  })
  .on('close', () => process.exit(0));
console.log(`oidc listening on ${issuer}`);

// A real OpenID provider for the tests: npm's oidc-provider on a free port of loopback.
//
//   node oidc_provider.mjs CLIENT_ID CLIENT_SECRET REDIRECT_URI POST_LOGOUT_REDIRECT_URI   (an empty secret: a public client)
//
// Prints `oidc listening on http://127.0.0.1:PORT`. Each line on standard input is a JSON object that maps subjects to their
// claims; it is answered by `known`. Whoever comes with `login_hint` is signed in as that subject and consents to everything: who
// somebody is, is not what is tested here. Ends when standard input ends.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

// Like ProConnect it takes no `state` and no `nonce` of fewer than 32 characters.
const RANDOM_CHARACTERS_MIN = 32;
const [clientId, clientSecret, redirectUri, afterLogout] = process.argv.slice(2);
const credentials = clientSecret ? { client_secret: clientSecret } : { token_endpoint_auth_method: 'none' };
const people = new Map();
const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id: clientId, redirect_uris: [redirectUri], post_logout_redirect_uris: [afterLogout], ...credentials }],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'locale', 'groups'], email: ['email', 'email_verified'] },
  cookies: { keys: ['a key of this test'] },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  findAccount: (_context, sub) => people.has(sub) && { accountId: sub, claims: () => ({ sub, ...people.get(sub) }) },
});

provider.use((context, next) => {
  const isShort = (name) => String(context.query[name] ?? '').length < RANDOM_CHARACTERS_MIN;
  if (context.path === '/auth' && (isShort('state') || isShort('nonce'))) {
    context.throw(400, 'state and nonce have 32 characters at least');
  }
  return next();
});

async function interaction(request, response) {
  const { params, prompt, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const login = { accountId: params.login_hint };
    return provider.interactionFinished(request, response, { login });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope('openid profile email');
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

const serve = provider.callback();
server.on('request', (request, response) => {
  if (!request.url.startsWith('/interaction/')) {
    return serve(request, response);
  }
  return interaction(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
});

createInterface({ input: process.stdin })
  .on('line', (line) => {
    for (const [sub, claims] of Object.entries(JSON.parse(line))) people.set(sub, claims);
    console.log('known');
  })
  .on('close', () => process.exit(0));
console.log(`oidc listening on ${issuer}`);

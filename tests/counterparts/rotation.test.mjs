// oidc-provider: a certified server that rotates refresh tokens, and ends the whole grant when an old one
// is used again.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import Provider from 'oidc-provider';
import { browser, listen, start } from './house.mjs';

let house, provider, server, issuer, counts, slow;

before(async () => {
  house = await start();
  let handle;
  server = createServer((request, response) => handle(request, response));
  issuer = `http://127.0.0.1:${await listen(server)}`;
  provider = new Provider(issuer, {
    clients: [{
      client_id: 'app',
      client_secret: 'a secret of the app',
      redirect_uris: [`${house.base}/api/v1/oauth/callback`],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      token_endpoint_auth_method: 'client_secret_post',
    }],
    cookies: { keys: ['a key of the cookies'] },
    features: { devInteractions: { enabled: false }, revocation: { enabled: true }, deviceFlow: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, interaction) => `/agree/${interaction.uid}` },
    issueRefreshToken: async () => true,
    pkce: { required: () => true },
    rotateRefreshToken: true,
  });
  for (const [event, name] of [['grant.success', 'granted'], ['grant.error', 'refused'], ['grant.revoked', 'revoked']]) {
    provider.on(event, () => { counts[name] += 1; });
  }
  const callback = provider.callback();
  handle = (request, response) => {
    if (request.url.startsWith('/agree/')) agree(request, response);
    else setTimeout(() => callback(request, response), request.url === '/token' ? slow : 0);
  };
});

beforeEach(() => {
  counts = { granted: 0, refused: 0, revoked: 0 };
  slow = 0;
});

after(async () => {
  await house.stop();
  server.closeAllConnections();
  server.close();
});

/** The person signs in and agrees to everything. */
async function agree(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId: 'aurel', clientId: params.client_id });
  grant.addOIDCScope('openid');
  const result = { login: { accountId: 'aurel' }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

const connected = async () => {
  const id = await house.integration({ issuer, base_url: issuer, scopes: ['openid'], client_auth: 'post' });
  return { id, connection: await house.connect(id) };
};
const works = async (connection) => {
  const asked = { connection_id: connection.id, endpoint: '/me', no_cache: true };
  return (await house.api('POST', '/api/v1/fetch', asked)).body.data?.sub === 'aurel';
};

test('an account is connected with PKCE, and asked', async () => {
  const { connection } = await connected();
  assert.equal(connection.status, 'active');
  assert.equal(connection.account.id, 'aurel');
  assert.ok(await works(connection));
});

test('twenty renewals at once are one, and none kills the grant', async () => {
  const { connection } = await connected();
  counts.granted = 0;
  slow = 2_000;
  const path = `/api/v1/connections/${connection.id}/refresh`;
  const all = await Promise.all(Array.from({ length: 20 }, () => house.api('POST', path)));
  assert.deepEqual(all.map((answer) => answer.status), all.map(() => 200));
  assert.deepEqual(counts, { granted: 1, refused: 0, revoked: 0 });
  assert.ok(await works(connection));
  slow = 0;
  // Each rotated token is the one that is used next.
  for (let turn = 0; turn < 3; turn += 1) await house.get('POST', path);
  assert.deepEqual(counts, { granted: 4, refused: 0, revoked: 0 });
  assert.ok(await works(connection));
});

test('an answer in the name of another issuer is refused', async () => {
  const id = await house.integration({ issuer, base_url: issuer, scopes: ['openid'], client_auth: 'post' });
  const back = new URL(await house.agree(id));
  assert.equal(back.searchParams.get('iss'), issuer);
  back.searchParams.set('iss', 'https://evil.example');
  const landed = await fetch(back);
  assert.equal(landed.status, 400);
  assert.match(await landed.text(), /oauth\.issuer_mismatch/);
  assert.deepEqual((await house.get('GET', `/api/v1/connections?integration_id=${id}`)).data, []);
});

test('a grant that ends there makes one task here, which reconnecting closes', async () => {
  const { id, connection } = await connected();
  const grants = new Set();
  provider.once('grant.success', (ctx) => grants.add(ctx.oidc.entities.Grant.jti));
  const path = `/api/v1/connections/${connection.id}/refresh`;
  await house.get('POST', path);
  for (const grant of grants) await provider.RefreshToken.revokeByGrantId(grant);
  const refused = await house.api('POST', path);
  assert.equal(refused.body.code, 'connection.expired');
  const tasks = `/api/v1/tasks?status=open&about=${connection.id}`;
  assert.equal((await house.get('GET', tasks)).data.length, 1);
  const again = await house.connect(id);
  assert.deepEqual([again.id, again.status], [connection.id, 'active']);
  assert.equal((await house.get('GET', tasks)).data.length, 0);
  assert.ok(await works(again));
});

test('disconnecting ends the grant there', async () => {
  const { connection } = await connected();
  await house.get('DELETE', `/api/v1/connections/${connection.id}`);
  assert.equal(counts.revoked, 1);
});

test('a person agrees on another device', async () => {
  const id = await house.integration({ issuer, base_url: issuer, scopes: ['openid'], client_auth: 'post' });
  const shown = await house.get('POST', `/api/v1/integrations/${id}/connect/device`, { subject: 'screen' });
  const person = browser();
  const page = await person.go(shown.verification_uri);
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)[1];
  const form = { xsrf, user_code: shown.user_code, confirm: 'yes' };
  const agreed = await person.go(shown.verification_uri, undefined, form);
  assert.equal(agreed.status, 200, agreed.text);
  const path = `/api/v1/connections?integration_id=${id}&subject=screen`;
  let found = [];
  for (let tries = 0; tries < 150 && !found.length; tries += 1) {
    await new Promise((later) => setTimeout(later, 100));
    found = (await house.get('GET', path)).data;
  }
  assert.equal(found[0]?.status, 'active');
  assert.ok(await works(found[0]));
});

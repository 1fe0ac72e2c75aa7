// emulate: the login pages of Google, GitHub, Slack and Microsoft, clicked through in Chromium with our own
// catalog files, and their ways that differ from the book.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { chromium } from 'playwright-core';
import { emulated } from './emulate.mjs';
import { SECRET, start } from './house.mjs';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];

let house, browser, person, google, github, slack, microsoft;

before(async () => {
  house = await start();
  const client = {
    client_id: 'app',
    client_secret: SECRET,
    name: 'Patchbay',
    redirect_uris: [`${house.base}/api/v1/oauth/callback`],
  };
  // emulate takes a token that it does not know for the first user's, who is somebody else.
  const people = [
    { login: 'stranger', email: 'stranger@example.com', name: 'Stranger' },
    { login: 'aurel', email: 'aurel@example.com', name: 'Aurel' },
  ];
  google = await emulated('google', {
    users: people,
    oauth_clients: [client],
    drive_items: [{ id: 'songs', user_email: 'aurel@example.com', name: 'Songs', mime_type: 'text/plain', parent_ids: ['root'] }],
  });
  github = await emulated('github', { users: people, oauth_apps: [client] });
  slack = await emulated('slack', {
    team: { name: 'The Label', domain: 'label' },
    users: [{ name: 'aurel', real_name: 'Aurel', email: 'aurel@example.com' }],
    channels: [{ name: 'releases', topic: 'What is out' }],
    oauth_apps: [{ ...client, scopes: ['channels:read', 'groups:read', 'users:read'], bot_name: 'patchbay' }],
    strict_scopes: true,
  });
  // The real one has the tenant in its paths.
  microsoft = await emulated(
    'microsoft',
    { users: people, oauth_clients: [client] },
    (path) => path.replace(/^\/common\//, '/'),
  );
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
  person = await browser.newContext();
});

after(async () => {
  await browser?.close();
  await house?.stop();
  for (const service of [google, github, slack, microsoft]) service?.stop();
});

beforeEach(() => {
  for (const service of [google, github, slack, microsoft]) service.said.length = 0;
});

/** A person follows the address, chooses the account, and reads the page that says it is connected. */
async function connect(id, title) {
  const page = await person.newPage();
  await page.goto(await house.begin(id));
  assert.match(await page.title(), title);
  await page.getByRole('button', { name: /aurel/i }).click();
  await page.waitForURL((url) => house.isHome(url.href));
  assert.match(await page.getByRole('heading').innerText(), /connected/i);
  const landed = page.url();
  await page.close();
  const connection = await house.connection(id);
  assert.equal(connection.status, 'active');
  return { connection, landed };
}

const ask = (connection, endpoint, more = {}) =>
  house.api('POST', '/api/v1/fetch', { connection_id: connection.id, endpoint, no_cache: true, ...more });
const refresh = (connection) => house.api('POST', `/api/v1/connections/${connection.id}/refresh`);
const disconnect = (connection) => house.get('DELETE', `/api/v1/connections/${connection.id}`);

test('Google: clicked, asked, and renewed with the same refresh token each time', async () => {
  const config = {
    auth_base: google.base,
    oauth_base: `${google.base}/oauth2`,
    api_base: google.base,
    userinfo_url: `${google.base}/oauth2/v2/userinfo`,
  };
  const { connection } = await connect(await house.integration(config, 'google'), /Sign in to Google/);
  assert.equal(connection.account.name, 'aurel@example.com');
  const names = async () => (await ask(connection, '/drive/v3/files')).body.data?.files.map(({ name }) => name);
  assert.deepEqual(await names(), ['Songs']);
  // Its answers to a refresh hold no refresh token.
  for (let turn = 0; turn < 3; turn += 1) {
    assert.equal((await refresh(connection)).status, 200);
    assert.deepEqual(await names(), ['Songs']);
  }
  google.said.length = 0;
  await disconnect(connection);
  assert.deepEqual(google.said, [['POST', '/oauth2/revoke', 200]]);
});

test('GitHub: clicked and asked', async () => {
  const id = await house.integration({ auth_base: github.base, api_base: github.base }, 'github');
  const { connection } = await connect(id, /Sign in to GitHub/);
  assert.equal(connection.account.name, 'aurel');
  assert.equal((await ask(connection, '/user')).body.data?.login, 'aurel');
});

test('GitHub: a code that was used before is an error with status 200, and no connection', async () => {
  const config = { auth_base: github.base, api_base: github.base };
  const { landed } = await connect(await house.integration(config, 'github'), /Sign in to GitHub/);
  const id = await house.integration(config, 'github');
  // The state is this authorization's own, the code that of the one before.
  const replayed = new URL(landed);
  replayed.searchParams.set('state', new URL(await house.begin(id)).searchParams.get('state'));
  github.said.length = 0;
  const page = await person.newPage();
  await page.goto(replayed.href);
  assert.match(await page.locator('body').innerText(), /oauth\.exchange_failed/);
  assert.deepEqual(github.said, [['POST', '/login/oauth/access_token', 200]]);
  assert.equal(await house.connection(id), undefined);
  await page.close();
});

test('Slack: clicked and asked, and it names the scope that is missing', async () => {
  const config = { auth_base: slack.base, api_base: slack.base };
  const { connection } = await connect(await house.integration(config, 'slack'), /Sign in to Slack/);
  assert.equal(connection.account.name, 'The Label');
  assert.deepEqual(connection.missing_scopes, []);
  const listed = await ask(connection, '/conversations.list', { method: 'POST' });
  assert.ok(listed.body.data?.channels.some(({ name }) => name === 'releases'), JSON.stringify(listed.body));
  const refused = await ask(connection, '/chat.postMessage', { method: 'POST', body: { channel: 'C1', text: 'hello' } });
  assert.equal(refused.status, 422);
  assert.match(refused.body.detail, /missing_scope.*chat:write/);
  assert.equal((await house.connection(connection.integration_id)).status, 'active');
});

test('Microsoft: clicked, asked, and renewed', async () => {
  const config = { auth_base: microsoft.base, api_base: microsoft.base };
  const { connection } = await connect(await house.integration(config, 'microsoft'), /Sign in with Microsoft/);
  assert.equal(connection.account.name, 'Aurel');
  for (let turn = 0; turn < 3; turn += 1) {
    assert.equal((await ask(connection, '/me')).body.data?.mail, 'aurel@example.com');
    assert.equal((await refresh(connection)).status, 200);
  }
});

// django-oauth-toolkit: opaque tokens of 30 seconds, PKCE required, and refresh tokens that work once: used
// again, they end the whole grant. Nobody waits for 30 seconds here: the authority ends its tokens, or
// grants shorter ones, when it is told to.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, test } from 'node:test';
import { browser, SECRET, start } from './house.mjs';

let house, authority;

before(async () => {
  house = await start();
  authority = await startAuthority();
  const redirect_uris = ['/api/v1/oauth/callback', '/auth/oauth2/callback'].map((path) => house.base + path);
  await authority.order('register', { id: 'app', secret: SECRET, redirect_uris });
});

after(async () => {
  await house?.stop();
  await authority?.stop();
});

beforeEach(() => authority.order('forget'));

/** The authority in a process of its own; `order` tells it to do something, and answers what it says. */
async function startAuthority() {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-authority-'));
  const stdio = ['pipe', 'pipe', 'inherit'];
  const server = spawn(process.env.DJANGO_PYTHON, ['django/authority.py', folder], { stdio });
  const waiting = [];
  const said = () => new Promise((found, failed) => waiting.push({ found, failed }));
  createInterface({ input: server.stdout }).on('line', (line) => waiting.shift().found(JSON.parse(line)));
  server.once('exit', () => waiting.forEach(({ failed }) => failed(new Error('the authority ended'))));
  const url = await said();
  const order = (name, more) => {
    server.stdin.write(`${JSON.stringify({ order: name, ...more })}\n`);
    return said();
  };
  const stop = async () => {
    server.kill('SIGTERM');
    await new Promise((ended) => server.once('exit', ended));
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, order, stop };
}

/** The fields that a page's form is sent with unless a person changes them. */
const fieldsOf = (page) => {
  const inputs = page.match(/<input[^>]*type="hidden"[^>]*>/g) ?? [];
  const value = (input, name) => new RegExp(`${name}="([^"]*)"`).exec(input)?.[1]?.replaceAll('&amp;', '&') ?? '';
  return Object.fromEntries(inputs.map((input) => [value(input, 'name'), value(input, 'value')]));
};

/** A person logs in and agrees; answers where the browser is then, and what it shows there. */
async function agree(authorizeUrl, username = 'aurel') {
  const person = browser();
  const login = await person.go(authorizeUrl, house.isHome);
  if (!login.url.includes('/accounts/login/')) return login;
  const form = { ...fieldsOf(login.text), username, password: 'a song of the sea' };
  const asked = await person.go(login.url, house.isHome, form);
  if (!asked.url.includes('/o/authorize/') || asked.status !== 200) return asked;
  return person.go(asked.url, house.isHome, { ...fieldsOf(asked.text), allow: 'Authorize' });
}

const integration = () =>
  house.integration({
    authorize_url: `${authority.url}/o/authorize/`,
    token_url: `${authority.url}/o/token/`,
    revoke_url: `${authority.url}/o/revoke_token/`,
    userinfo_url: `${authority.url}/me`,
    base_url: authority.url,
    scopes: ['read'],
  });

/** The page that the browser ends at. */
const land = async (authorizeUrl, username) => {
  const { url, text } = await agree(authorizeUrl, username);
  assert.ok(house.isHome(url), `${url} ${text}`);
  const landed = await fetch(url);
  return { status: landed.status, text: await landed.text() };
};

const connected = async () => {
  const id = await integration();
  const landed = await land(await house.begin(id));
  assert.equal(landed.status, 200, landed.text);
  return { id, connection: await house.connection(id) };
};

const ask = (connection) =>
  house.api('POST', '/api/v1/fetch', { connection_id: connection.id, endpoint: '/me', no_cache: true });

/** What the authority says of the token that was shown last. */
const introspect = async () => {
  const { shown } = await authority.order('state');
  const authorization = `Basic ${Buffer.from(`app:${SECRET}`).toString('base64')}`;
  const body = new URLSearchParams({ token: shown });
  const answer = await fetch(`${authority.url}/o/introspect/`, { method: 'POST', headers: { authorization }, body });
  return answer.json();
};

test('an account is connected with PKCE for 30 seconds, and asked', async () => {
  const { connection } = await connected();
  assert.deepEqual([connection.status, connection.account.name], ['active', 'aurel']);
  const left = new Date(connection.expires_at) - Date.now();
  assert.ok(left > 0 && left <= 30_000, connection.expires_at);
  assert.equal((await ask(connection)).body.data.name, 'aurel');
  assert.equal((await introspect()).active, true);
});

const refresh = (connection) => house.api('POST', `/api/v1/connections/${connection.id}/refresh`);

test('a token that has ended is renewed, and each new one in its turn', async () => {
  const { connection } = await connected();
  await ask(connection);
  await authority.order('forget');
  for (let turn = 1; turn <= 3; turn += 1) {
    await authority.order('expire');
    assert.equal((await introspect()).active, false);
    assert.equal((await refresh(connection)).status, 200);
    assert.equal((await ask(connection)).body.data?.name, 'aurel');
    const { grants } = await authority.order('state');
    assert.deepEqual(grants, Array.from({ length: turn }, () => ['refresh_token', 200]));
  }
});

test('thirty renewals of an ended token at once share what is under way, and nothing is used again', async () => {
  const { id, connection } = await connected();
  const { refresh_tokens } = await authority.order('state');
  await authority.order('forget');
  await authority.order('expire');
  const all = await Promise.all(Array.from({ length: 30 }, () => refresh(connection)));
  assert.deepEqual(all.map(({ status }) => status), all.map(() => 200));
  const state = await authority.order('state');
  // Whoever asks by hand after the first has ended asks anew, with what that one brought.
  assert.ok(state.grants.length < 30, `${state.grants.length} renewals`);
  assert.deepEqual(state.grants, state.grants.map(() => ['refresh_token', 200]));
  assert.equal(state.refresh_tokens, refresh_tokens, 'the grant is alive');
  assert.equal((await house.connection(id)).status, 'active');
  assert.equal((await ask(connection)).body.data.name, 'aurel');
});

test('ten callers who never pause do not notice that tokens end', async () => {
  await authority.order('lifetime', { seconds: 2 });
  const { id, connection } = await connected();
  await authority.order('forget');
  const begun = Date.now();
  const answers = [];
  let renewals = 0;
  const calls = async () => {
    while (renewals < 2) {
      answers.push((await ask(connection)).body);
      renewals = (await authority.order('state')).grants.length;
    }
  };
  await Promise.all(Array.from({ length: 10 }, calls));
  await authority.order('lifetime', { seconds: 30 });
  assert.deepEqual(answers.filter(({ data }) => data?.name !== 'aurel'), []);
  const { grants } = await authority.order('state');
  assert.deepEqual(grants, grants.map(() => ['refresh_token', 200]));
  // A token of two seconds is renewed when a tenth of its life is left.
  const most = 1 + (Date.now() - begun) / 1_800;
  assert.ok(grants.length <= most, `${grants.length} renewals`);
  assert.equal((await house.connection(id)).status, 'active');
});

test('reconnecting keeps the connection, and another account is refused', async () => {
  const { id, connection } = await connected();
  const path = `/api/v1/connections/${connection.id}/reconnect`;
  const again = async (username) => land((await house.get('POST', path, {})).authorize_url, username);
  assert.equal((await again('aurel')).status, 200);
  const now = await house.connection(id);
  assert.deepEqual([now.id, now.status], [connection.id, 'active']);
  const other = await again('mina');
  assert.equal(other.status, 409);
  assert.match(other.text, /connection\.other_account/);
  assert.equal((await ask(now)).body.data.name, 'aurel');
});

test('disconnecting ends all of it there', async () => {
  const { refresh_tokens } = await authority.order('state');
  const { connection } = await connected();
  await ask(connection);
  assert.equal((await introspect()).active, true);
  await house.get('DELETE', `/api/v1/connections/${connection.id}`);
  assert.equal((await introspect()).active, false);
  assert.equal((await authority.order('state')).refresh_tokens, refresh_tokens);
});

const refused = async (id, authorizeUrl, said) => {
  const landed = await land(authorizeUrl);
  assert.ok(landed.status >= 400 && landed.status < 500, `${landed.status}`);
  assert.match(landed.text, said);
  assert.equal(await house.connection(id), undefined);
};

test('a challenge that is not ours is refused, and said so', async () => {
  const id = await integration();
  const forged = new URL(await house.begin(id));
  forged.searchParams.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
  await refused(id, forged.href, /oauth\.exchange_failed/);
});

test('a challenge that is missing is refused, and said so', async () => {
  const id = await integration();
  const bare = new URL(await house.begin(id));
  bare.searchParams.delete('code_challenge');
  bare.searchParams.delete('code_challenge_method');
  await refused(id, bare.href, /Code challenge required[^]*oauth\.denied/);
});

test('a code that was sent to another callback is refused, and said so', async () => {
  const id = await integration();
  const moved = new URL(await house.begin(id));
  moved.searchParams.set('redirect_uri', `${house.base}/auth/oauth2/callback`);
  await refused(id, moved.href, /oauth\.exchange_failed/);
});

test('a callback that the authority does not know never gets a code', async () => {
  const id = await integration();
  const wrong = new URL(await house.begin(id));
  wrong.searchParams.set('redirect_uri', `${house.base}/elsewhere`);
  const page = await agree(wrong.href);
  assert.equal(page.status, 400);
  assert.match(page.text, /redirect/i);
});

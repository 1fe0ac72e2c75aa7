// oauth2-mock-server: token answers that are broken in every way. Each is a clear problem, and no
// connection is lost.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { OAuth2Server } from 'oauth2-mock-server';
import { start } from './house.mjs';

let house, server, config;

before(async () => {
  house = await start();
  server = new OAuth2Server();
  await server.issuer.keys.generate('RS256');
  await server.start(0, '127.0.0.1');
  const base = `http://127.0.0.1:${server.address().port}`;
  config = {
    authorize_url: `${base}/authorize`,
    token_url: `${base}/token`,
    userinfo_url: `${base}/userinfo`,
    base_url: base,
    scopes: ['openid'],
  };
});

after(async () => {
  await house.stop();
  await server.stop();
});

beforeEach(() => server.service.removeAllListeners('beforeResponse'));

/** What the token endpoint answers in place of a token. */
const BROKEN = {
  'an error of the server': (answer) => { answer.statusCode = 500; answer.body = { error: 'server_error' }; },
  'a web page': (answer, request) => { request.res.json = () => request.res.type('html').send('<html>down</html>'); },
  'a web page with 502': (answer, request) => {
    answer.statusCode = 502;
    request.res.json = () => request.res.type('html').send('<html>gateway</html>');
  },
  'nothing': (answer, request) => { request.res.json = () => request.res.end(); },
  'an object without a token': (answer) => { answer.body = { token_type: 'Bearer' }; },
  'a token that is a number': (answer) => { answer.body = { access_token: 17, token_type: 'Bearer' }; },
  'a token that is null': (answer) => { answer.body = { access_token: null }; },
  'a list': (answer) => { answer.body = ['access_token']; },
  'a refusal with 200': (answer) => { answer.body = { error: 'temporarily_unavailable' }; },
};
const CODES = ['oauth.exchange_failed', 'oauth.answer_unreadable', 'connection.refresh_failed'];

for (const [name, breaks] of Object.entries(BROKEN)) {
  test(`${name} in place of new tokens`, async () => {
    const connection = await house.connect(await house.integration(config));
    server.service.on('beforeResponse', breaks);
    const path = `/api/v1/connections/${connection.id}/refresh`;
    const refused = await house.api('POST', path);
    assert.equal(refused.status, 422);
    assert.ok(CODES.includes(refused.body.code), JSON.stringify(refused.body));
    assert.ok(refused.body.detail.length < 400 && !refused.body.detail.includes('<'), refused.body.detail);
    const kept = await house.get('GET', `/api/v1/connections/${connection.id}`);
    assert.ok(['active', 'degraded'].includes(kept.status), kept.status);
    assert.deepEqual((await house.get('GET', `/api/v1/tasks?about=${connection.id}`)).data, []);

    server.service.removeAllListeners('beforeResponse');
    assert.equal((await house.get('POST', path)).status, 'active');
  });

  test(`${name} in place of the first token`, async () => {
    const id = await house.integration(config);
    server.service.on('beforeResponse', breaks);
    const landed = await fetch(await house.agree(id));
    assert.equal(landed.status, 422);
    assert.match(await landed.text(), /oauth\.(exchange_failed|answer_unreadable)/);
    assert.deepEqual((await house.get('GET', `/api/v1/connections?integration_id=${id}`)).data, []);

    server.service.removeAllListeners('beforeResponse');
    assert.equal((await house.connect(id)).status, 'active');
  });
}

test('lifetimes of the wrong type do not stop anything', async () => {
  server.service.on('beforeResponse', (answer) => { answer.body.expires_in = '3600'; });
  const connection = await house.connect(await house.integration(config));
  assert.equal(connection.status, 'active');
  const left = new Date(connection.expires_at) - Date.now();
  assert.ok(left > 3_500_000 && left < 3_700_000, connection.expires_at);
});

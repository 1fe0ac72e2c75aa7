// What we send is verified by libraries that nobody here wrote: `standardwebhooks` and `svix`, in JavaScript and
// in Python.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import * as standard from 'standardwebhooks';
import * as svix from 'svix';
import { listen, start } from './house.mjs';

/** A Python that has both libraries. */
const PYTHON = process.env.WEBHOOKS_PYTHON;

let house;
let sink;
let python;

before(async () => {
  house = await start();
  sink = await open();
  python = pythons();
});
after(async () => {
  python.stop();
  sink.server.close();
  await house.stop();
});

/** An endpoint that keeps what it is told. */
async function open() {
  const told = [];
  const waiting = [];
  const server = createServer(async (request, answer) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    told.push({ headers: request.headers, body: Buffer.concat(pieces) });
    answer.end();
    for (const look of waiting.splice(0)) look();
  });
  const port = await listen(server);
  /** The next request for an event. */
  const next = async (id) => {
    for (;;) {
      const at = told.findIndex((one) => one.headers['webhook-id'] === id);
      if (at >= 0) return told.splice(at, 1)[0];
      await new Promise((look) => waiting.push(look));
    }
  };
  return { server, url: `http://127.0.0.1:${port}/hooks`, next };
}

/** Python's verifiers, in a process of their own. */
function pythons() {
  const child = spawn(PYTHON, ['webhooks/verify.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (secret, { headers, body }) => {
    child.stdin.write(`${JSON.stringify({ secret, headers, body: body.toString('base64') })}\n`);
    return (await lines.next()).value;
  };
  return { ask, stop: () => child.stdin.end() };
}

/** Whether all four take a request with this secret. */
async function isTaken(secret, told) {
  const said = [];
  for (const { Webhook } of [standard, svix]) {
    try {
      new Webhook(secret).verify(told.body.toString(), told.headers);
      said.push(true);
    } catch {
      said.push(false);
    }
  }
  said.push((await python.ask(secret, told)) === 'ok');
  assert.equal(new Set(said).size, 1, `the libraries do not agree: ${said}`);
  return said[0];
}

const webhook = (more = {}) =>
  house.get('POST', '/api/v1/webhooks', { url: sink.url, events: ['custom.*'], ...more });

/** Something happens; how it was told. */
async function tell(data, type = 'custom.told') {
  const event = await house.get('POST', '/api/v1/events', { type, data });
  return sink.next(event.id);
}

test('bodies of all kinds are taken, and no others', async () => {
  const { id, secret } = await webhook();
  for (const data of ['Grüße 🎺 ‮ \u2028', null, {}, '', [], 'x'.repeat(1 << 20), { deep: [1.5, true] }]) {
    const told = await tell(data);
    assert.equal(await isTaken(secret, told), true);
    assert.deepEqual(JSON.parse(told.body).data, data);
    const forged = { ...told, body: Buffer.from(told.body.toString().replace('custom', 'costum')) };
    assert.equal(await isTaken(secret, forged), false);
  }
  await house.get('DELETE', `/api/v1/webhooks/${id}`);
});

test('during a rotation both secrets are taken', async () => {
  const { id, secret: old } = await webhook({ format: 'cloudevents' });
  const { secret } = await house.get('POST', `/api/v1/webhooks/${id}/rotate-secret`, { overlap_secs: 3600 });
  for (const data of ['Grüße', '', 'x'.repeat(1 << 20)]) {
    const told = await tell(data);
    assert.equal(await isTaken(old, told), true);
    assert.equal(await isTaken(secret, told), true);
  }
  const { secret: last } = await house.get('POST', `/api/v1/webhooks/${id}/rotate-secret`, { overlap_secs: 0 });
  const told = await tell('after');
  assert.equal(await isTaken(secret, told), false);
  assert.equal(await isTaken(last, told), true);
  await house.get('DELETE', `/api/v1/webhooks/${id}`);
});

test('what a test sends is taken', async () => {
  const { id, secret } = await webhook();
  const { event_id: event, status } = await house.get('POST', `/api/v1/webhooks/${id}/test`);
  assert.equal(status, 'succeeded');
  assert.equal(await isTaken(secret, await sink.next(event)), true);
  await house.get('DELETE', `/api/v1/webhooks/${id}`);
});

test('an Ed25519 signature holds', async () => {
  const { id, public_key: shown } = await webhook({ signing: 'ed25519' });
  const raw = Buffer.from(shown.replace('whpk_', ''), 'base64');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });
  const { headers, body } = await tell('Grüße');
  const message = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body]);
  const [version, signature] = headers['webhook-signature'].split(',');
  assert.equal(version, 'v1a');
  assert.equal(verify(null, message, key, Buffer.from(signature, 'base64')), true);
  await house.get('DELETE', `/api/v1/webhooks/${id}`);
});

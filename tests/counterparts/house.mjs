// A running Patchbay with an owner's key, and a browser that comes and goes between it and a provider.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = process.env.PATCHBAY_BIN;
/** Of the app, whose id is `app`. */
export const SECRET = 'a secret of the app';

/** Starts a house of its own; `api` asks it as its owner. */
export async function start() {
  const data = mkdtempSync(join(tmpdir(), 'patchbay-counterparts-'));
  const settings = ['--data', data, '--log-format', 'json', '--allow-network', '127.0.0.0/8,::1/128'];
  const owner = ['init', '--email', 'owner@example.com', '--password-stdin', '--workspace', 'Acme'];
  const made = spawnSync(BINARY, [...settings, ...owner], { input: 'correct horse battery\n' });
  const key = JSON.parse(made.stdout).api_key;
  const server = spawn(BINARY, [...settings, 'serve', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const address = await new Promise((found, failed) => {
    server.once('exit', () => failed(new Error('the house ended')));
    createInterface({ input: server.stderr }).on('line', (line) => {
      const said = JSON.parse(line);
      if (said.ready_ms !== undefined) found(said.address);
    });
  });
  const base = `http://${address}`;

  /** A request; answers `{status, body}`. */
  const api = async (method, path, body) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  };
  /** The same where it must succeed. */
  const get = async (method, path, body) => {
    const answer = await api(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  /** An integration with the provider `oauth2`, or with another. */
  const integration = async (config, provider = 'oauth2') =>
    (await get('POST', '/api/v1/integrations', {
      name: 'Counterpart',
      provider,
      config,
      oauth_client: { client_id: 'app', client_secret: SECRET },
    })).id;
  /** Begins to connect; answers where a person is asked. */
  const begin = async (id, subject = 'aurel') =>
    (await get('POST', `/api/v1/integrations/${id}/connect`, { subject })).authorize_url;
  const isHome = (url) => url.startsWith(base);
  /** Begins to connect; answers the address to which the provider sends the browser back. */
  const agree = async (id, subject) => browse(await begin(id, subject), isHome);
  /** The connection of a subject. */
  const connection = async (id, subject = 'aurel') =>
    (await get('GET', `/api/v1/connections?integration_id=${id}&subject=${subject}`)).data[0];
  /** Connects; answers the connection. */
  const connect = async (id, subject) => {
    const landed = await fetch(await agree(id, subject));
    if (landed.status !== 200) throw new Error(`${landed.status} ${await landed.text()}`);
    return connection(id, subject);
  };
  const stop = async () => {
    server.kill('SIGTERM');
    await new Promise((ended) => server.once('exit', ended));
    rmSync(data, { recursive: true, force: true });
  };
  return { base, api, get, integration, begin, isHome, agree, connection, connect, stop };
}

/** Follows redirects with cookies, as a browser does, until an address fits; answers that address. */
async function browse(url, fits) {
  const { url: last, status, text } = await browser().go(url, fits);
  if (!fits(last)) throw new Error(`${last} answered ${status}: ${text}`);
  return last;
}

/** A browser with cookies of its own. */
export function browser() {
  const jar = new Map();
  /** Follows redirects to a page, or until an address fits. With `form` it begins by sending that. */
  const go = async (url, fits = () => false, form = null) => {
    for (let steps = 0; steps < 20 && !fits(url); steps += 1) {
      const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') };
      const how = form ? { method: 'POST', body: new URLSearchParams(form) } : {};
      const answer = await fetch(url, { ...how, redirect: 'manual', headers });
      form = null;
      for (const set of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
        if (value) jar.set(name, value);
        else jar.delete(name);
      }
      const to = answer.headers.get('location');
      if (!to) return { url, status: answer.status, text: await answer.text() };
      url = new URL(to, url).href;
    }
    return { url, status: null, text: 'it went on' };
  };
  return { go };
}

/** A server on a free port of loopback; answers its port. */
export const listen = (server) =>
  new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(server.address().port)));

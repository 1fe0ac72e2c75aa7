// A server of our own for the tests: the real binary on a free port with a fresh data directory, the
// demo's outside world beside it, and its API. It is stopped by its process id, and its data removed.

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const OWNER = { email: "owner@acme.example", password: "correct horse battery" };

type Json = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

export class House {
  private constructor(
    /** Where it listens, such as `http://127.0.0.1:41234`. */
    readonly url: string,
    /** A key that may do everything; empty while nobody has set the house up. */
    readonly key: string,
    private readonly process: ChildProcess,
    private readonly data: string,
  ) {}

  /** Starts a house that has an owner and a workspace called Acme, or one that waits for its first visit. */
  static async start({ owned }: { owned: boolean }): Promise<House> {
    const binary = process.env.PATCHBAY_BIN;
    if (!binary) throw new Error("PATCHBAY_BIN has to name the patchbay binary");
    const data = await mkdtemp(join(tmpdir(), "patchbay-e2e-"));
    let key = "";
    if (owned) {
      const made = spawnSync(
        binary,
        ["init", "--data", data, "--email", OWNER.email, "--password-stdin", "--workspace", "Acme"],
        { input: OWNER.password, encoding: "utf8" },
      );
      if (made.status !== 0) throw new Error(`init failed: ${made.stderr}`);
      key = JSON.parse(made.stdout).api_key;
    }
    const server = spawn(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0", "--demo"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    try {
      return new House(await address(server), key, server, data);
    } catch (error) {
      await rm(data, { recursive: true, force: true });
      throw error;
    }
  }

  async stop() {
    const ended = once(this.process, "exit");
    this.process.kill("SIGTERM");
    await ended;
    await rm(this.data, { recursive: true, force: true });
  }

  /** Calls the API with the key, in the workspace that the key is of. */
  async call(method: string, path: string, body?: unknown): Promise<Json> {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text ? JSON.parse(text) : {};
  }

  get = (path: string) => this.call("GET", path);
  post = (path: string, body: unknown) => this.call("POST", path, body);

  /** The first thing of a list that has this name. */
  async find(path: string, name: string): Promise<Json> {
    const { data } = await this.get(`${path}?limit=200`);
    const found = data.find((row: Json) => row.name === name);
    if (!found) throw new Error(`${path} holds no ${name}: ${data.map((row: Json) => row.name).join(", ")}`);
    return found;
  }

  /** The address of a service of the demo's outside world. */
  async service(name: string): Promise<string> {
    const { services } = await this.get("/sandbox");
    return services.find((service: Json) => service.name === name).url;
  }
}

/** The server says where it listens when it is ready. Its log is read on after that: a pipe that nobody reads fills. */
function address(server: ChildProcess): Promise<string> {
  let said = "";
  return new Promise((found, failed) => {
    server.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const url = /open (http:\/\/[\d.:]+)/.exec(said)?.[1];
      if (url) found(url);
    });
    server.once("exit", () => failed(new Error(`the server ended before it was ready: ${said}`)));
  });
}

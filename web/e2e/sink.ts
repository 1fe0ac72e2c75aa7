// A receiver of webhooks for the tests: it keeps what it was told, and answers as it is asked to.

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Told {
  headers: IncomingHttpHeaders;
  body: string;
}

export class Sink {
  readonly told: Told[] = [];
  /** The status of the next answers. */
  status = 200;

  private constructor(private readonly server: Server) {}

  static async open(): Promise<Sink> {
    const server = createServer();
    const sink = new Sink(server);
    server.on("request", (request, answer) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        sink.told.push({ headers: request.headers, body });
        answer.writeHead(sink.status, { "Content-Type": "text/plain" });
        answer.end(sink.status < 300 ? "thank you" : "down for maintenance");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}

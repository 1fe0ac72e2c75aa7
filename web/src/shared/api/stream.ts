// The workspace's events as they happen. Read with fetch rather than EventSource, because only fetch
// can say which workspace is meant. Reconnects by itself and goes on after the last event seen.

import { address, caller, headers } from "./client";
import type { EventEntry } from "./health";

type Listener = (event: EventEntry) => void;
const listeners = new Set<Listener>();

export function onEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

interface Frame {
  id?: string;
  event?: string;
  data: string;
}

/** Cuts a stream of server-sent events into frames; returns what is not yet complete. */
export function frames(text: string, take: (frame: Frame) => void): string {
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = blocks.pop() ?? "";
  for (const block of blocks) {
    const frame: Frame = { data: "" };
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon < 1) continue;
      const value = line.slice(colon + 1).replace(/^ /, "");
      const field = line.slice(0, colon);
      if (field === "data") frame.data += (frame.data && "\n") + value;
      else if (field === "id") frame.id = value;
      else if (field === "event") frame.event = value;
    }
    if (frame.data) take(frame);
  }
  return rest;
}

/** Holds the stream open until the returned function is called. */
export function listen(onState: (live: boolean) => void): () => void {
  const stop = new AbortController();
  let last: string | undefined;
  let failures = 0;

  const take = (frame: Frame) => {
    last = frame.id ?? last;
    try {
      const said = JSON.parse(frame.data) as EventEntry;
      const event = { ...said, kind: said.kind ?? frame.event ?? "message" };
      listeners.forEach((listener) => listener(event));
    } catch {
      // A frame that is not JSON is a keep-alive of some proxy.
    }
  };

  const read = async () => {
    const extra: Record<string, string> = last ? { "Last-Event-ID": last } : {};
    const answer = await fetch(address("/events/stream"), {
      headers: { ...headers("GET"), ...extra, Accept: "text/event-stream" },
      signal: stop.signal,
    });
    if (answer.status === 401) return caller.expired();
    if (!answer.ok || !answer.body) throw new Error(`stream: ${answer.status}`);
    failures = 0;
    onState(true);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest = frames(rest + value, take);
    }
  };

  const loop = async () => {
    while (!stop.signal.aborted) {
      await read().catch(() => {});
      if (stop.signal.aborted) return;
      onState(false);
      const pause = Math.min(30_000, 1_000 * 2 ** failures++) * (0.5 + Math.random() / 2);
      await new Promise((resume) => setTimeout(resume, pause));
    }
  };

  void loop();
  return () => stop.abort();
}

// One door to the server: same origin, session cookie, CSRF and workspace headers, and problem
// answers (RFC 9457) turned into `ApiError`. It keeps no data; TanStack Query does.

export interface FieldError {
  pointer: string;
  message: string;
}

/** What went wrong, as the server said it. `code` is stable and has a page in the documentation. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string | undefined,
    readonly errors: FieldError[] = [],
    readonly retryAfter?: number,
  ) {
    super(detail ?? title);
    this.name = "ApiError";
  }
}

/** One page of a list. */
export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** Who asks and where. Set once by the app, sent with each request, never stored. */
export const caller: { csrf?: string; workspace?: string; expired: () => void } = { expired: () => {} };

export type Query = Record<string, string | number | boolean | null | undefined>;

interface Options {
  body?: unknown;
  query?: Query;
  signal?: AbortSignal;
}

export function headers(method: string): Record<string, string> {
  const sent: Record<string, string> = {};
  if (caller.workspace) sent["X-Patchbay-Workspace"] = caller.workspace;
  if (method !== "GET" && caller.csrf) sent["X-Patchbay-CSRF"] = caller.csrf;
  return sent;
}

export function address(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  // A path can bring a query of its own, where an empty value means something.
  return `/api/v1${path}${text && `${path.includes("?") ? "&" : "?"}${text}`}`;
}

async function send<T>(method: string, path: string, { body, query, signal }: Options = {}): Promise<T> {
  const sent = headers(method);
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(address(path, query), {
      method,
      headers: sent,
      credentials: "same-origin",
      // What is read stays out of the cache on the disk.
      cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(
      0,
      "network.unreachable",
      "The server cannot be reached",
      "Check that Patchbay is running, then try again.",
    );
  }
  const text = await answer.text();
  if (!answer.ok) throw problem(answer, text);
  return (text ? JSON.parse(text) : undefined) as T;
}

function problem(answer: Response, text: string): ApiError {
  const retry = Number(answer.headers.get("Retry-After")) || undefined;
  let said: Partial<ApiError> = {};
  try {
    said = JSON.parse(text) as Partial<ApiError>;
  } catch {
    // Not ours: a proxy in between answers in its own way.
  }
  const code = said.code ?? `http.${answer.status}`;
  if (answer.status === 401 && code === "auth.unauthenticated") caller.expired();
  const title = said.title ?? (answer.statusText || "The server answered with an error");
  return new ApiError(answer.status, code, title, said.detail, said.errors, retry);
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => send<T>("GET", path, { query, signal }),
  post: <T>(path: string, body?: unknown) => send<T>("POST", path, { body }),
  put: <T>(path: string, body?: unknown) => send<T>("PUT", path, { body }),
  patch: <T>(path: string, body?: unknown) => send<T>("PATCH", path, { body }),
  delete: <T = void>(path: string) => send<T>("DELETE", path),
};

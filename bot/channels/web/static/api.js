// The HTTP API of a conversation. Knows addresses, headers and errors; nothing of the page.

/** The server answered with an error; `detail` is a sentence for the person. */
export class ApiError extends Error {
  constructor(status, detail, retryAfter) {
    super(detail || `HTTP ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }

  /** Worth sending the very same thing again later? */
  get transient() {
    return this.status === 429 || this.status === 408 || this.status >= 500;
  }
}

/** No answer at all: offline, timed out, connection reset. */
export class NetworkError extends Error {
  constructor(cause) {
    super("network");
    this.name = "NetworkError";
    this.cause = cause;
  }
}

const PATIENCE_MS = 30_000;

async function request(method, path, { token, key, body } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
  try {
    const response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: abort.signal,
      cache: "no-store",
      credentials: "same-origin",
    });
    if (response.ok) return await response.json();
    throw await problem(response);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new NetworkError(error);
  } finally {
    clearTimeout(timer);
  }
}

async function problem(response) {
  let detail = "";
  try {
    detail = (await response.json()).detail ?? "";
  } catch {
    // Not problem+json (a proxy's page, say): the status alone has to do.
  }
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new ApiError(response.status, String(detail), Number.isFinite(seconds) ? seconds : null);
}

const of = (id) => `/api/conversations/${encodeURIComponent(id)}`;

export const api = {
  start: ({ platform, resume }) =>
    request("POST", "/api/conversations", {
      body: { ...(platform ? { platform } : {}), ...(resume ? { resume } : {}) },
    }),

  send: ({ id, token }, body, key) => request("POST", `${of(id)}/messages`, { token, key, body }),

  after: ({ id, token }, seq) => request("GET", `${of(id)}/messages?after=${seq}`, { token }),

  eventsUrl: ({ id }, seq) => {
    const url = new URL(`${of(id)}/events?after=${seq}`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url.href;
  },

  platforms: () => request("GET", "/api/platforms"),

  isDev: async () => {
    try {
      return (await request("GET", "/api/dev")).dev === true;
    } catch {
      return false;
    }
  },

  newestSms: async (phone) => (await request("GET", `/dev/sms?phone=${encodeURIComponent(phone)}`)).messages[0] ?? null,
};

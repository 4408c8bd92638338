// Asking the admin API. The token is kept in this tab and sent as a header; there is no cookie.

const KEPT = "quarry-admin-token";

/** An answer that is a refusal, or none at all (status 0). */
export class Problem extends Error {
  constructor(status, message, step, differences) {
    super(message);
    this.status = status;
    this.step = step;
    this.differences = differences;
  }
}

export function keepToken(token) {
  sessionStorage.setItem(KEPT, token);
}

export function hasToken() {
  return sessionStorage.getItem(KEPT) !== null;
}

export function forgetToken() {
  sessionStorage.removeItem(KEPT);
}

/** Takes the token of `#token=…` and removes it from the address: a fragment is never sent, but it stays in the history. */
export function takeTokenOfAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  history.replaceState(null, "", location.pathname);
  keepToken(token);
}

/** Sends a request; its answer when it went well. */
export async function send(path, options = {}) {
  const headers = new Headers(options.headers);
  const token = sessionStorage.getItem(KEPT);
  if (token) {
    try {
      headers.set("authorization", `Bearer ${token}`);
    } catch {
      throw new Problem(401, "the token contains characters that HTTP headers do not allow");
    }
  }
  let response;
  try {
    const fixed = { credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" };
    response = await fetch(path, { ...options, ...fixed, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "the gateway does not respond");
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

async function problemOf(response) {
  const text = await response.text().catch(() => "");
  try {
    const { error, step, behaviour, list } = JSON.parse(text);
    // The models' routes have OpenAI's form of an error, an object.
    const message = typeof error === "string" ? error : error.message;
    return new Problem(response.status, message, step, behaviour && { ...behaviour, list });
  } catch {
    return new Problem(response.status, text || `status ${response.status}`);
  }
}

export async function read(path) {
  return (await send(path)).json();
}

export function post(path, document, options = {}) {
  const headers = { "content-type": "application/json" };
  return send(path, { ...options, method: "POST", headers, body: JSON.stringify(document) });
}

/** Asks for a change. The gateway cancels it where `signal` ends the request before it is made. */
export async function change(path, asked, signal) {
  return (await post(path, { ...asked, by: "the page" }, { signal })).json();
}

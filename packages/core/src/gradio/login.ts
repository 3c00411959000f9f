import { rethrowOwn } from "../error-copy.ts";
import { QwenError } from "../errors.ts";
import { readText, type TransportResponse } from "../http/transport.ts";
import type { ClientRequest } from "./client-request.ts";
import { CookieJar } from "./cookies.ts";
import { statusFailure } from "./failure.ts";

/** The name and password of an app with a login of its own: `launch(auth=…)`. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The login of a client, shared by all of its sessions. */
export interface Login {
  /** Its cookies: they go with every request to the Space. */
  readonly cookies: CookieJar;
  /** Sends a request once logged in, and once more after a new login where the server forgot the first. */
  request(request: ClientRequest): Promise<TransportResponse>;
}

/**
 * Makes the login of a client; the first request logs in. `send` sends a request to the Space at `url`.
 *
 * A login that is refused is `authentication`; one that fails is tried anew by the next request.
 */
export function createLogin(
  credentials: Credentials,
  { url, send }: { readonly url: URL; send(request: ClientRequest): Promise<TransportResponse> },
): Login {
  const cookies = new CookieJar();
  const form = new TextEncoder().encode(new URLSearchParams({ ...credentials }).toString());
  let login: SharedLogin | undefined;

  async function logIn(signal: AbortSignal): Promise<void> {
    const body = { bytes: form, contentType: "application/x-www-form-urlencoded" };
    const response = await send({ path: "login", body, jar: cookies, signal });
    if (response.status !== 200) {
      // Its body is not looked at: it may show the form that was sent.
      response.body.cancel();
      if (response.status === 429 || response.status >= 500) throw statusFailure(response, { url, body: "" });
      throw new QwenError(
        "authentication",
        `${url.host} does not accept the username and password given as \`auth\`.`,
        { status: response.status },
      );
    }
    await readText(response.body, { signal });
  }

  function begin(): SharedLogin {
    const abandoned = new AbortController();
    const begun: SharedLogin = { done: logIn(abandoned.signal), abandoned, isDone: false, waiting: 0 };
    begun.done.then(
      () => (begun.isDone = true),
      () => forget(begun),
    );
    return begun;
  }

  function forget(used: SharedLogin | undefined): void {
    if (login === used) login = undefined;
  }

  async function loggedIn(signal: AbortSignal | undefined): Promise<void> {
    const shared = (login ??= begin());
    shared.waiting += 1;
    try {
      await orAborted(shared.done.catch(rethrowOwn), signal);
    } catch (error) {
      // Shared by all callers, so it goes on when one of them leaves, but not when nobody is left.
      if (shared.waiting === 1 && !shared.isDone) {
        forget(shared);
        shared.abandoned.abort(error);
      }
      throw error;
    } finally {
      shared.waiting -= 1;
    }
  }

  return {
    cookies,
    async request(request) {
      await loggedIn(request.signal);
      const used = login;
      const response = await send(request);
      if (response.status !== 401) return response;
      // The server forgot the login, as a restart makes it do. Another request may have renewed it already.
      response.body.cancel();
      forget(used);
      await loggedIn(request.signal);
      return send(request);
    },
  };
}

/** A login under way or done, and how many wait for it. */
interface SharedLogin {
  readonly done: Promise<void>;
  readonly abandoned: AbortController;
  isDone: boolean;
  waiting: number;
}

/** Settles as `promise` does, or rejects with the reason of `signal` before it. */
function orAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal?.reason);
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal?.removeEventListener("abort", onAbort));
  });
}

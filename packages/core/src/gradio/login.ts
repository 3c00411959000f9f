import { keepsCookies } from "#platform";
import { QwenError } from "../errors.ts";
import { readText, type TransportResponse } from "../http/transport.ts";
import type { ClientRequest } from "./client-request.ts";
import { CookieJar } from "./cookies.ts";
import { jobs } from "./loaded-later.ts";
import { SharedWork } from "./shared-work.ts";
import type { AbortSource } from "../stop.ts";

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
  /** Names the login that holds; nothing before it. */
  let current: symbol | undefined;

  async function logIn(signal: AbortSource): Promise<void> {
    const body = { bytes: form, contentType: "application/x-www-form-urlencoded" };
    const response = await send({ path: "login", body, jar: cookies, signal });
    if (response.status !== 200) {
      // Its body is not looked at: it may show the form that was sent.
      response.body.cancel();
      if (response.status === 429 || response.status >= 500) {
        const { statusFailure } = await jobs.load();
        throw statusFailure(response, { url, body: "" });
      }
      throw new QwenError(
        "authentication",
        `${url.host} does not accept the username and password given as \`auth\`.`,
        { status: response.status },
      );
    }
    await readText(response.body, { signal });
    current = Symbol("login");
  }

  // Shared by all callers, so it goes on when one of them leaves.
  const login = new SharedWork(logIn);

  async function loggedIn(signal: AbortSource | undefined): Promise<symbol | undefined> {
    signal?.throwIfAborted();
    if (current === undefined) await login.wait(signal);
    return current;
  }

  return {
    cookies,
    async request(request) {
      const used = await loggedIn(request.signal);
      const response = await send(request);
      if (response.status !== 401) return response;
      // The server forgot the login, as a restart makes it do. Another request may have renewed it already.
      response.body.cancel();
      if (current === used) current = undefined;
      await loggedIn(request.signal);
      const again = await send(request);
      if (again.status !== 401 || !keepsCookies()) return again;
      again.body.cancel();
      throw new QwenError(
        "authentication",
        `${url.host} took the username and password given as \`auth\`, but the browser keeps no cookie of that login. From another site it takes https and a browser that lets such cookies be, and on Hugging Face there is no way.`,
        { status: 401 },
      );
    },
  };
}

import { createTransport as createForPlatform } from "#transport";
import {
  aFunction,
  aLimitMs,
  anAbortSignal,
  anObject,
  aTableOf,
  type OptionNames,
  readOption,
  refuseUnknown,
  requireOption,
} from "../options.ts";
import { markOwn } from "../own-functions.ts";
import { aMethod, aSentBody, aWebUrl, callBack, headersSet, requireHeaders } from "./follow.ts";
import type { OwnRequest, Transport, TransportOptions, TransportResponse } from "./transport.ts";

/**
 * The transport of the platform: HTTP/1.1 over connections of its own in Node, `fetch` elsewhere.
 *
 * Nothing is sent or loaded yet; close it once it is not needed. Throws a `TypeError` for a proxy that is none, given as
 * option or by the environment, and where the platform has no proxies of one's own. Its requests reject with a `TypeError`
 * for what is no URL, limit or anything else that they must hold.
 */
// Said in a declaration of its own: which file `#transport` is, users' compilers cannot know.
export function createTransport(options: TransportOptions = {}): Transport {
  requireOption("options", options, anObject);
  refuseUnknown("A transport", options, NAMES);
  const transport = createForPlatform(options);
  return {
    request: markOwn((request: OwnRequest): Promise<TransportResponse> => {
      try {
        return transport.request(readRequest(request));
      } catch (error) {
        return Promise.reject(error);
      }
    }, transport.request),
    close: () => transport.close(),
  };
}

function readRequest(request: OwnRequest): OwnRequest {
  requireOption("request", request, anObject);
  requireOption("method", request.method, aMethod);
  requireOption("url", request.url, aWebUrl);
  requireOption("headers", request.headers, headersByName);
  requireOption("connectMs", request.connectMs, aLimitMs);
  requireOption("headersMs", request.headersMs, aLimitMs);
  readOption("body", request.body, aSentBody);
  readOption("signal", request.signal, anAbortSignal);
  const onStart = readOption("onStart", request.onStart, aFunction);
  readOption("sendAgain", request.sendAgain, aFunction);
  const headers = headersSet(requireHeaders("headers", request.headers));
  return {
    ...request,
    headers,
    ...(onStart !== undefined && { onStart: () => callBack("onStart", () => onStart.call(request)) }),
  };
}

const headersByName = aTableOf("headers");

const NAMES: OptionNames<TransportOptions> = { proxy: true };

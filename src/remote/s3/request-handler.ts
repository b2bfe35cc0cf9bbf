import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Hosts } from '../hosts.js';

/** A request of AWS's SDK: signed, with a path that is encoded already. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string; // with the colon
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable;
}

interface SdkOptions {
  readonly abortSignal?: AbortSignal;
  readonly requestTimeout?: number; // milliseconds without a byte
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

export interface RequestListener {
  readonly onRequest: () => void;
  readonly onRegion: (region: string) => void; // of the bucket, if a response tells it
}

/**
 * Returns what sends the requests of AWS's SDK: its own handler supports no proxies. Unlike `fetch`, it sends paths as they are,
 * because a key may have `..` in it. Sending throws ForbiddenHost if a host must not be asked.
 */
export function requestHandler(
  dispatcher: Dispatcher,
  hosts: Pick<Hosts, 'check'>,
  { onRequest, onRegion }: RequestListener,
) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(
      { method, protocol, hostname, port, path, query, headers, body }: SdkRequest,
      { abortSignal, requestTimeout }: SdkOptions = {},
    ): Promise<{ readonly response: SdkResponse }> {
      hosts.check({ hostname });
      onRequest();
      const response = await dispatcher.request({
        origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
        path: path + queryText(query),
        method: method as Dispatcher.HttpMethod,
        headers,
        ...(body !== undefined && { body }),
        ...(abortSignal !== undefined && { signal: abortSignal }),
        ...(requestTimeout !== undefined && { headersTimeout: requestTimeout, bodyTimeout: requestTimeout }),
      });
      const texts = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
      const answered: Readonly<Record<string, string>> = Object.fromEntries(texts);
      if (answered[BUCKET_REGION] !== undefined) onRegion(answered[BUCKET_REGION]);
      return { response: { statusCode: response.statusCode, headers: answered, body: response.body } };
    },
    updateHttpClientConfig() {}, // the SDK's interface has both
    httpHandlerConfigs: () => ({}),
  };
}

const BUCKET_REGION = 'x-amz-bucket-region';

function queryText(query: SdkRequest['query'] = {}): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => (one === null ? encoded(name) : `${encoded(name)}=${encoded(one)}`)),
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** Encodes as signatures do: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

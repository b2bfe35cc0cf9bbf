import type { S3Client } from '@aws-sdk/client-s3';
import { openTransport } from '../../http/transport.js';
import { importOptional, type OptionalPackage, refuseMissing } from '../../optional-package.js';
import { ImageRefusal } from '../../refusal.js';
import { Hosts } from '../hosts.js';
import type { RemoteSettings } from '../settings.js';
import { requestHandler } from './request-handler.js';

/** How to reach S3. */
export type S3Settings = Pick<RemoteSettings, 'proxies' | 's3' | 'lookup'>;

/** AWS's SDK, with a client that is ready to send. */
export interface S3Connection {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly close: () => Promise<void>;
}

type Sdk = typeof import('@aws-sdk/client-s3');

/** The package that S3 needs. */
const S3_PACKAGE: OptionalPackage = {
  purpose: 'S3',
  name: '@aws-sdk/client-s3',
  entry: '@aws-sdk/client-s3',
};

const USUAL_REGION = 'us-east-1'; // as for the AWS CLI

const UNSIGNED = {
  credentials: { accessKeyId: '', secretAccessKey: '' }, // so that the SDK looks for none
  signer: { sign: async <Request>(request: Request) => request },
};

/**
 * Loads AWS's SDK, finds credentials, and sets up a client.
 *
 * @param onRequest called for each request
 * @throws ImageRefusal unsupported_format if the SDK is not installed; network if the address of the server is no URL
 * @throws HalonetError if the address of a proxy is unusable
 * @throws what the SDK throws if it finds no credentials
 */
export async function connectS3(settings: S3Settings, onRequest: () => void): Promise<S3Connection> {
  const { proxies, s3 = {}, lookup } = settings;
  const { anonymous = false } = s3;
  refuseMissing(S3_PACKAGE);
  const sdk = (await importOptional(S3_PACKAGE)) as Sdk;
  const configured = new sdk.S3Client({}).config;
  const endpoint = s3.endpoint ?? (await configured.serviceConfiguredEndpoint?.());
  if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:/i.test(endpoint)))
    throw new ImageRefusal('network', 'the endpoint of S3 is not an http or https address');
  const hosts = new Hosts(false, lookup); // the user's own setting, as are those of AWS
  const { dispatcher, close } = await openTransport(proxies, { lookup: hosts.lookup });
  let region = await configured.region().catch(() => s3.region ?? USUAL_REGION);
  const onRegion = (known: string) => {
    region = known; // the SDK would send each request to the other region first
  };
  const client = new sdk.S3Client({
    region: async () => region,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }), // few other servers have a host name for each bucket
    ...(anonymous && UNSIGNED),
    followRegionRedirects: true,
    maxAttempts: 1, // one policy for all servers: src/http/retries.ts
    requestChecksumCalculation: 'WHEN_REQUIRED', // few other servers have the checksums of AWS
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: requestHandler(dispatcher, hosts, { onRequest, onRegion }),
  });
  await client.config.credentials(); // once, rather than for each of many requests that need them
  return { sdk, client, close };
}

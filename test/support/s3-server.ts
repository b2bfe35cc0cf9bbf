import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import S3rver from 's3rver';

// The only key that s3rver knows.
const KEY = 'S3RVER';

/** The environment of a program that has credentials for the server, and finds no others on this machine. */
export const AWS_ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: KEY,
  AWS_SECRET_ACCESS_KEY: 'secret-of-the-test',
  AWS_SESSION_TOKEN: 'token-of-the-test',
  AWS_REGION: 'us-east-1',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
};

export interface S3Server {
  readonly endpoint: string;
  /** Stores an object in the bucket `photos`. */
  put(key: string, bytes: Uint8Array | string): Promise<void>;
  /** Stores the files of a folder, and of those in it. */
  putFolder(folder: string, prefix: string): Promise<void>;
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

const Bucket = 'photos';

/** Starts s3rver, with one bucket: `photos`. It does not verify signatures, and lists at most 1000 objects. */
export async function startS3Server(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'halonet-s3rver-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    vhostBuckets: false,
    configureBuckets: [{ name: Bucket }],
  });
  const { port } = await server.run();
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: KEY, secretAccessKey: KEY },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const put = async (Key: string, bytes: Uint8Array | string) => {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
  };
  return {
    endpoint,
    put,
    async putFolder(folder, prefix) {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        await put(prefix + path.slice(folder.length + 1), await readFile(path));
      }
    },
    async remove(Key) {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    async close() {
      client.destroy();
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

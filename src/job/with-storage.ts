import { RemoteObjects } from '../remote/objects.js';
import { Storage } from '../sources/storage.js';
import type { JobOptions } from './options.js';

/** Opens the storage of a job's inputs, and closes it after `use`. Nothing is requested before an input needs it. */
export async function withStorage<Options extends JobOptions, T>(
  options: Options,
  use: (options: Options, storage: Storage) => Promise<T>,
): Promise<T> {
  const { images, signal } = options;
  const { remote } = images;
  const storage = new Storage(remote && new RemoteObjects(remote, signal));
  try {
    return await use({ ...options, images: { ...images, storage } }, storage);
  } finally {
    await storage.close();
  }
}

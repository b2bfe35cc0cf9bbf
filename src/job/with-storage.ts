import { RemoteObjects } from '../remote/objects.js';
import { Storage } from '../sources/storage.js';
import type { JobOptions } from './options.js';

/** Opens the storage of a job's inputs, and closes it after `use`. Nothing is requested before an input needs it. */
export async function withStorage<Options extends JobOptions, T>(
  options: Options,
  use: (options: Options) => Promise<T>,
): Promise<T> {
  const { images, signal } = options;
  if (images.remote === undefined) return use(options);
  const storage = new Storage(new RemoteObjects(images.remote, signal));
  try {
    return await use({ ...options, images: { ...images, storage } });
  } finally {
    await storage.close();
  }
}

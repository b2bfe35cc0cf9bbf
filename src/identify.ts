import { stat } from 'node:fs/promises';
import { type FileIdentity, fileIdentity } from './file-identity.js';

/**
 * Returns the identity of the file that a path currently leads to; undefined if there is none, it is not a regular file, or its
 * status cannot be read. The size and time of a folder or pipe say nothing about an image.
 */
export async function identify(path: string): Promise<FileIdentity | undefined> {
  try {
    const stats = await stat(path, { bigint: true });
    return stats.isFile() ? fileIdentity(stats) : undefined;
  } catch {
    return undefined;
  }
}

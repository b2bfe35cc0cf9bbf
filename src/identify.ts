import { stat } from 'node:fs/promises';
import { type FileIdentity, fileIdentity } from './file-identity.js';

/**
 * The file that a path leads to at this moment; undefined where there is none, or nothing can be learnt of it. What a folder or
 * a pipe says of itself changes with what is beside an image, and says nothing of it.
 */
export async function identify(path: string): Promise<FileIdentity | undefined> {
  try {
    const stats = await stat(path, { bigint: true });
    return stats.isFile() ? fileIdentity(stats) : undefined;
  } catch {
    return undefined;
  }
}

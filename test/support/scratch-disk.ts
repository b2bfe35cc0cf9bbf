import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** In memory where there is such a disk: the many thousand syncs take no time there. */
export function scratchDisk(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}

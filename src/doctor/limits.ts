import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The resources that a container may use. https://docs.kernel.org/admin-guide/cgroup-v2.html */
export interface Limits {
  readonly cpus: number | undefined; // in CPUs of time, such as 1.5; undefined: all
  readonly memory: number | undefined; // bytes
}

/** Reads the limits of the process's own control group, version 2 or 1, if visible. */
export async function readLimits(root: string): Promise<Limits> {
  const read = async (path: string) => {
    const text = await readFile(join(root, 'sys/fs/cgroup', path), 'utf8').catch(() => '');
    return text.trim().split(/\s+/);
  };
  const [quota, period] = await read('cpu.max');
  const [oldQuota] = await read('cpu/cpu.cfs_quota_us');
  const [oldPeriod] = await read('cpu/cpu.cfs_period_us');
  const [memory] = await read('memory.max');
  const [oldMemory] = await read('memory/memory.limit_in_bytes');
  return {
    cpus: share(quota, period) ?? share(oldQuota, oldPeriod),
    memory: bytes(memory) ?? bytes(oldMemory),
  };
}

/** Without a limit, the files contain `max`, -1 or nothing. */
function share(quota: string | undefined, period: string | undefined): number | undefined {
  const cpus = Number(quota || Number.NaN) / Number(period || Number.NaN);
  return cpus > 0 ? cpus : undefined;
}

const NO_LIMIT = 2 ** 60; // version 1 writes a number near 2⁶³ instead

function bytes(text: string | undefined): number | undefined {
  const value = Number(text || Number.NaN);
  return value > 0 && value < NO_LIMIT ? value : undefined;
}

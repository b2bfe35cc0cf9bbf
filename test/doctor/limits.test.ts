import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readLimits } from '../../src/doctor/limits.js';

describe('readLimits', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-root-'));
  });
  afterEach(() => rm(root, { recursive: true }));
  const place = async (path: string, content: string) => {
    await mkdir(dirname(join(root, 'sys/fs/cgroup', path)), { recursive: true });
    await writeFile(join(root, 'sys/fs/cgroup', path), content);
  };

  it('finds no limits without control groups', async () => {
    assert.deepEqual(await readLimits(root), { cpus: undefined, memory: undefined });
  });

  it('reads CPU and memory limits from cgroup v2', async () => {
    await place('cpu.max', 'max 100000\n');
    await place('memory.max', 'max\n');
    assert.deepEqual(await readLimits(root), { cpus: undefined, memory: undefined });
    await place('cpu.max', '150000 100000\n');
    await place('memory.max', '536870912\n');
    assert.deepEqual(await readLimits(root), { cpus: 1.5, memory: 536870912 });
  });

  it('reads CPU and memory limits from cgroup v1', async () => {
    await place('cpu/cpu.cfs_quota_us', '-1\n');
    await place('cpu/cpu.cfs_period_us', '100000\n');
    await place('memory/memory.limit_in_bytes', '9223372036854771712\n');
    assert.deepEqual(await readLimits(root), { cpus: undefined, memory: undefined });
    await place('cpu/cpu.cfs_quota_us', '50000\n');
    await place('memory/memory.limit_in_bytes', '1073741824\n');
    assert.deepEqual(await readLimits(root), { cpus: 0.5, memory: 1073741824 });
  });
});

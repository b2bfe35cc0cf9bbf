import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import sharp from 'sharp';
import { readCpuFeatures } from '../../src/doctor/cpu.js';
import { runtimeVersion } from '../../src/runtime/package.js';
import type { MeasuredMachine } from '../report/benchmark-run.js';
import { host } from './host.js';

/** @param name display name; defaults to its processor and cores */
export async function measuredMachine(name: string | undefined): Promise<MeasuredMachine> {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  const cores = availableParallelism();
  return {
    name: name ?? `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}`,
    cpu,
    cores,
    memory: totalmem(),
    features: (await readCpuFeatures(host())) ?? [],
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    onnxruntime: runtimeVersion(),
    sharp: `${sharp.versions.sharp ?? 'unknown'} (libvips ${sharp.versions.vips})`,
  };
}

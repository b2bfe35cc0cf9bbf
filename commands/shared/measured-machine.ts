import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { env } from 'onnxruntime-node';
import sharp from 'sharp';

/** What figures were measured on. */
export interface MeasuredMachine {
  readonly name: string;
  readonly cpu: string;
  readonly cores: number; // that this process may use
  readonly memory: number; // bytes
  readonly system: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly sharp: string; // and the libvips in it
}

/** @param name what to call it; its processor and cores when not given */
export function measuredMachine(name: string | undefined): MeasuredMachine {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  const cores = availableParallelism();
  return {
    name: name ?? `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}`,
    ...{ cpu, cores, memory: totalmem() },
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    onnxruntime: env.versions.node ?? 'unknown',
    sharp: `${sharp.versions.sharp ?? 'unknown'} (libvips ${sharp.versions.vips})`,
  };
}

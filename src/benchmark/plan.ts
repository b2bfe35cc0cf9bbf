import { availableParallelism } from 'node:os';
import { chooseDevice, type DeviceRequest } from '../devices/choose-device.js';
import { ModelError } from '../errors.js';
import type { Precision, RunPrecision } from '../models/model-source.js';
import type { Device, DeviceName } from '../runtime/devices.js';
import type { BenchmarkOptions } from './options.js';

/** What is measured, with every choice made. */
export interface BenchmarkPlan extends Omit<BenchmarkOptions, 'tried' | 'device'> {
  readonly device: Device;
  readonly asked: DeviceRequest;
  readonly precisions: readonly RunPrecision[];
  readonly threads: readonly number[];
  readonly maxThreads: number; // used by jobs
  readonly batchSizes: readonly number[];
  readonly cores: number;
  readonly folder: string; // for temporary files
}

const CPU_BATCHES = [1, 2, 4, 8];
const GPU_BATCHES = [1, 8, 32, 128, 256];

/** The precisions that are useful on a device. Not every GPU supports half precision under WebGPU. */
const USUAL_PRECISIONS: Readonly<Record<DeviceName, readonly RunPrecision[]>> = {
  cpu: ['fp32', 'int8'],
  cuda: ['fp32', 'fp16'],
  dml: ['fp32', 'fp16'],
  coreml: ['fp32', 'fp16'],
  webgpu: ['fp32'],
};

/**
 * Chooses the device and every setting that was left open.
 *
 * @param has the precision of the model; one in half precision runs in no other
 * @throws DeviceError if a requested device is absent
 * @throws ModelError if the device does not support a precision
 */
export async function planBenchmark(
  { tried, ...options }: BenchmarkOptions,
  has: Precision,
  folder: string,
): Promise<BenchmarkPlan> {
  const cores = availableParallelism();
  const { device } = await chooseDevice(options.device, { ...options, threads: cores });
  const precisions = tried.precisions ?? (has === 'fp16' ? ['fp16'] : USUAL_PRECISIONS[device.name]);
  if (precisions.includes('int8') && device.name !== 'cpu') {
    throw new ModelError(`--precisions int8 is for the CPU; the device is ${device.name}`, {
      hint: 'Use --device cpu, or --precisions fp32,fp16.',
    });
  }
  if (has === 'fp16' && precisions.some((precision) => precision !== 'fp16')) {
    throw new ModelError('the model is in half precision already: the lost precision cannot be restored', {
      hint: 'Use the checkpoint that it was converted from, or pass --precisions fp16.',
    });
  }
  const threads = tried.threads ?? (device.name === 'cpu' ? [...new Set([1, cores])] : [cores]);
  return {
    ...options,
    device,
    asked: options.device,
    precisions,
    threads,
    cores,
    folder,
    maxThreads: Math.max(...threads),
    batchSizes: tried.batchSizes ?? (device.name === 'cpu' ? CPU_BATCHES : GPU_BATCHES),
  };
}

import { type Host, packagedGpus } from '../runtime/devices.js';
import { hasGpu } from '../runtime/preconditions.js';
import type { Examination } from './examination.js';

/** Returns what would make halonet work, or work better, on this machine: one sentence each. */
export function adviceFor(found: Omit<Examination, 'advice'>, host: Host): readonly string[] {
  return [...cpuAdvice(found), ...gpuAdvice(found, host), ...imageAdvice(found), ...hubAdvice(host)];
}

function cpuAdvice({ devices, machine, environment }: Omit<Examination, 'advice'>): readonly string[] {
  const advice: string[] = [];
  const cpu = devices.find(({ name }) => name === 'cpu');
  if (cpu?.status === 'absent') {
    advice.push(
      `No model can be run: ${cpu.detail}. onnxruntime-node needs glibc on Linux (not musl), on macOS Apple silicon; npm ci installs it.`,
    );
  }
  const { usable, limit } = machine.cpu;
  if (limit !== undefined && limit < usable) {
    const threads = Math.max(1, Math.floor(limit));
    advice.push(`This container may use the time of ${limit} of ${usable} CPUs: try --threads ${threads}.`);
  }
  const pool = Number(environment.UV_THREADPOOL_SIZE ?? Number.NaN);
  if (pool <= usable) {
    advice.push(
      `UV_THREADPOOL_SIZE is ${pool}: at most that many images are decoded at once, on ${usable} cores. Unset it.`,
    );
  }
  return advice;
}

function gpuAdvice({ devices }: Omit<Examination, 'advice'>, host: Host): readonly string[] {
  const advice: string[] = [];
  const gpus = devices.filter(({ name }) => name !== 'cpu');
  const packaged = packagedGpus(host);
  if (packaged.length > 0 && hasGpu(host) && gpus.every(({ status }) => status === 'absent'))
    advice.push(`There is a GPU that nothing can use yet: see what ${packaged.join(' and ')} lack.`);
  for (const device of gpus) {
    if (device.status === 'absent') continue;
    if (device.name === 'cuda' && device.error > 1e-4)
      advice.push('cuda multiplies in TF32; NVIDIA_TF32_OVERRIDE=0 keeps to fp32, more slowly.');
    if (device.flops < device.cpuFlops)
      advice.push(`${device.name} is slower than the CPU here, as software drivers are: use --device cpu.`);
  }
  return advice;
}

function imageAdvice({ images }: Omit<Examination, 'advice'>): readonly string[] {
  if ('problem' in images) return [`No image can be read: ${images.problem}. npm ci installs sharp.`];
  return images.failing.map(
    ({ name, reason }) => `${name} images cannot be read, although they should be: ${reason}.`,
  );
}

const hubAdvice = ({ env }: Host): readonly string[] =>
  env.HF_HUB_OFFLINE ? ['HF_HUB_OFFLINE is set: only models in the cache can be named.'] : [];

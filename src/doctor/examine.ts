// src/doctor/: what `halonet doctor` examines

import type { DeviceContext } from '../devices/choose-device.js';
import { cachedRepos } from '../hub/cached-repos.js';
import type { HubSettings } from '../hub/settings.js';
import type { PretrainedCfg } from '../model/config/pretrained.js';
import { preprocessingOf } from '../models/preprocessing.js';
import { runtimeVersion } from '../runtime/package.js';
import { adviceFor } from './advice.js';
import { int8Gain, readCpuFeatures } from './cpu.js';
import { examineDevices } from './devices.js';
import { environmentInEffect } from './environment.js';
import type { Examination } from './examination.js';
import { readLimits } from './limits.js';

/** What the shell knows about the process and the system. */
export interface ShellFacts {
  readonly halonet: string; // version numbers of halonet and Node
  readonly node: string;
  readonly system: string; // Linux 6.1.0
  readonly cpuModel: string;
  readonly cores: number; // of the machine
  readonly usableCores: number; // by this process
  readonly memory: number; // bytes
  readonly availableMemory: number; // bytes
}

/** Examines everything that halonet depends on, by trying it where possible. */
export async function examine(
  facts: ShellFacts,
  context: DeviceContext,
  hub: HubSettings,
): Promise<Examination> {
  const { host } = context;
  const features = await readCpuFeatures(host);
  const limits = await readLimits(host.root);
  const { halonet, node, system, cpuModel: model, cores, usableCores: usable } = facts;
  const found = {
    versions: { halonet, node, 'onnxruntime-node': runtimeVersion() },
    machine: {
      system,
      arch: host.arch,
      cpu: { model, cores, usable, limit: limits.cpus, features, int8: int8Gain(features) },
      memory: { total: facts.memory, available: facts.availableMemory, limit: limits.memory },
    },
    devices: await examineDevices(context),
    images: await examineImages(),
    cache: { folder: hub.cacheDir, models: await cachedRepos(hub.cacheDir) },
    environment: environmentInEffect(host.env),
  };
  return { ...found, advice: adviceFor(found, host) };
}

/** Whether any model can run. */
export const canRun = ({ devices }: Examination): boolean =>
  devices.some(({ name, status }) => name === 'cpu' && status === 'works');

const SMALL: PretrainedCfg = {
  height: 8,
  width: 8,
  cropPct: 1,
  cropMode: 'center',
  interpolation: 'bicubic',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

async function examineImages(): Promise<Examination['images']> {
  try {
    // This import fails if sharp's libraries are missing.
    const { imageFormats } = await import('../images/formats.js');
    return await imageFormats(preprocessingOf(SMALL, { autoOrient: true, decode: 'exact' }));
  } catch (error) {
    return { problem: `sharp cannot be loaded (${(error as Error).message.trim().split('\n')[0]})` };
  }
}

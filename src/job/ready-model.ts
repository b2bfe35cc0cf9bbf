import { type Peekable, peekable } from '../async/peek.js';
import { chooseDevice, type DeviceChoice, type DeviceRequest } from '../devices/choose-device.js';
import { HalonetError, ModelError } from '../errors.js';
import type { Item } from '../item.js';
import { SAMPLE } from '../models/int8/calibrate.js';
import type { OutputLayout } from '../outputs/layout.js';
import type { Fingerprint } from '../runs/journal.js';
import { CPU } from '../runtime/devices.js';
import { fingerprintOf } from './fingerprint.js';
import type { JobOptions } from './options.js';
import { type Prepared, type PrepareOptions, prepare } from './prepare.js';
import { walkImages } from './walk-images.js';

/** A job whose model is prepared. */
export interface ReadyModel {
  readonly prepared: Prepared;
  readonly choice: DeviceChoice;
  readonly layout: OutputLayout;
}

/**
 * Chooses the device of a job and prepares its model.
 * @param keeps whether what is measured for int8 is kept beside the model
 */
export async function readyModel(
  options: JobOptions,
  inputs: Pick<Peekable<Item>, 'peek'>,
  keeps: boolean,
): Promise<ReadyModel> {
  const choice = await chooseDevice(deviceOf(options), options);
  const prepared = await prepare(options.model, options.outputs, options.preprocessing, {
    ...options,
    int8: { ...int8Options(options, inputs), keeps },
    device: choice.device,
  });
  return { prepared, choice, layout: await options.layout(prepared.model) };
}

/** What the output of a job follows from besides its inputs. */
export function jobFingerprint(
  { outputs, invocation }: JobOptions,
  { prepared, choice, layout }: ReadyModel,
): Fingerprint {
  const { halonet: version } = invocation.versions;
  return fingerprintOf({ ...prepared, outputs, layout, version, device: choice.device.name });
}

/** @throws ModelError when the precision is not for the device */
function deviceOf({ device, precision }: JobOptions): DeviceRequest {
  if (precision !== 'int8' || device.name === 'cpu') return device;
  if (device.name === 'auto') return CPU;
  throw new ModelError(`--precision int8 is for the CPU; asked for --device ${device.name}`, {
    hint: 'On a GPU use --precision fp16.',
  });
}

export const SAMPLED_INPUTS = 1024; // of which a model is measured on a few

function int8Options(options: JobOptions, inputs: Pick<Peekable<Item>, 'peek'>): PrepareOptions['int8'] {
  const { calibration, precision, threads, signal, onMeasure } = options;
  if (calibration !== undefined && precision !== 'int8') {
    throw new HalonetError('--calibration is for int8 alone', { hint: 'Add --precision int8.' });
  }
  const sampled = calibration === undefined ? inputs : peekable(walkImages([calibration], { signal }));
  return {
    ...{ threads, signal, anew: calibration !== undefined },
    images: () => sampled.peek(SAMPLED_INPUTS, SAMPLE),
    ...(onMeasure && { onMeasure }),
  };
}

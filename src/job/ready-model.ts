import { type Peekable, peekable } from '../async/peek.js';
import { chooseDevice, type DeviceChoice, type DeviceRequest } from '../devices/choose-device.js';
import { HalonetError, InputError, ModelError } from '../errors.js';
import type { Item } from '../item.js';
import { SAMPLE } from '../models/int8/calibrate.js';
import { nameFrom } from '../models/locate.js';
import type { RowLayout } from '../runs/destination.js';
import type { Fingerprint } from '../runs/journal.js';
import { CPU } from '../runtime/devices.js';
import { refuseMistaken } from '../sources/registry.js';
import { noteEvents } from './events.js';
import { fingerprintOf } from './fingerprint.js';
import type { FileJobOptions, JobOptions } from './options.js';
import { type Prepared, type PrepareOptions, prepare } from './prepare.js';
import { requestsOf } from './requests.js';
import { walkImages } from './walk-images.js';

/** A job whose model is prepared. */
export interface ReadyModel {
  readonly prepared: Prepared;
  readonly choice: DeviceChoice;
}

/**
 * Chooses the device of a job and prepares its model.
 * @param keeps whether to save int8 calibration data beside the model
 * @throws HalonetError if the device, the model or the images for calibration cannot be used
 */
export async function readyModel(
  options: JobOptions,
  inputs: Pick<Peekable<Item>, 'peek'>,
  keeps: boolean,
): Promise<ReadyModel> {
  const { model, images, compute, signal, onEvent } = options;
  const { host, threads } = compute;
  const choice = await chooseDevice(deviceOf(options), { host, threads, signal });
  const name = await nameFrom(model.folder, model.name);
  const prepared = await prepare(name, requestsOf(options).requests, images.preprocessing, {
    hub: model.hub,
    architecture: model.architecture,
    precision: model.precision,
    device: choice.device,
    int8: { ...(await int8Options(options, inputs)), keeps: keeps ? undefined : false },
    decodeSeconds: images.decodeSeconds,
    signal,
    onDownload: (progress) => onEvent?.({ kind: 'download', progress }),
    onCalibrated: (calibrated) => onEvent?.({ kind: 'calibrated', model: calibrated }),
    onNote: noteEvents(onEvent),
  });
  return { prepared, choice };
}

/** Returns the layouts that turn the rows of a job into the files of each output. */
export async function layoutsOf(
  options: FileJobOptions,
  { prepared }: ReadyModel,
): Promise<readonly RowLayout[]> {
  const { outputs, images } = options;
  const { indices } = requestsOf(options);
  const { config, shapeOf } = prepared.model;
  const layouts: RowLayout[] = [];
  for (const [i, { requests, layout }] of outputs.outputs.entries()) {
    const tensors = new Map(
      requests.map(({ name }, k) => [name, prepared.names[indices[i]?.[k] ?? 0] ?? name] as const),
    );
    const model = { config, shapeOf: (name: string) => shapeOf(tensors.get(name) ?? name) };
    const areNamed = [...tensors].some(([name, shared]) => name !== shared);
    layouts.push({
      layout: await layout(model, { columns: images.columns, facts: images.facts }),
      tensors: areNamed ? tensors : undefined,
    });
  }
  return layouts;
}

/** Returns the fingerprint of a job: what its outputs depend on besides the inputs. */
export function jobFingerprint(
  { outputs, invocation }: FileJobOptions,
  { prepared, choice }: ReadyModel,
  layouts: readonly RowLayout[],
): Fingerprint {
  const { onnx, preprocessing } = prepared;
  const { halonet: version } = invocation.versions;
  const device = choice.device.name;
  const files = outputs.outputs.flatMap(({ requests }, i) => {
    const { layout } = layouts[i] ?? {};
    return layout === undefined ? [] : [{ requests, layout }];
  });
  return fingerprintOf({ onnx, preprocessing, files, version, device });
}

/** @throws ModelError if the device does not support the precision */
function deviceOf({ model: { precision }, compute: { device } }: JobOptions): DeviceRequest {
  if (precision !== 'int8' || device.name === 'cpu') return device;
  if (device.name === 'auto') return CPU;
  throw new ModelError(`--precision int8 is for the CPU; asked for --device ${device.name}`, {
    hint: 'On a GPU use --precision fp16.',
  });
}

/** @throws {InputError} if the images for int8 calibration can only be a mistake, such as a missing folder */
async function refuseMistakenCalibration({ model, images }: JobOptions): Promise<void> {
  const { calibration } = model;
  if (calibration === undefined) return;
  try {
    await refuseMistaken([calibration], images.sources, {
      imageColumn: images.imageColumn,
      storage: images.storage,
    });
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError(`--calibration: ${cause.message}`, { hint: cause.hint, cause });
  }
}

export const SAMPLED_INPUTS = 1024; // a model is calibrated on a few of these

async function int8Options(
  options: JobOptions,
  inputs: Pick<Peekable<Item>, 'peek'>,
): Promise<PrepareOptions['int8']> {
  const { model, images, compute, signal, onEvent } = options;
  const { sources, imageColumn, storage } = images;
  const { calibration, precision } = model;
  if (calibration !== undefined && precision !== 'int8') {
    throw new HalonetError('--calibration only applies to --precision int8', {
      hint: 'Add --precision int8, or leave out --calibration.',
    });
  }
  await refuseMistakenCalibration(options);
  const sampled =
    calibration === undefined
      ? inputs
      : peekable(walkImages({ inputs: [calibration], sources, imageColumn, storage }, { signal }));
  return {
    threads: compute.threads,
    signal,
    fresh: calibration !== undefined,
    images: () => sampled.peek(SAMPLED_INPUTS, SAMPLE),
    onMeasure: () => onEvent?.({ kind: 'measuring' }),
  };
}

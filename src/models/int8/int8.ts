import { HalonetError, ModelError } from '../../errors.js';
import type { Graph } from '../../graph.js';
import { toInt8 } from '../../model/passes/int8.js';
import { planInt8 } from '../../model/passes/int8-plan.js';
import { toStandardOps } from '../../model/passes/standard-ops.js';
import type { ModelSource } from '../model-source.js';
import { type EvaluationOverrides, overridden } from '../preprocessing.js';
import { type CalibrateOptions, calibrate } from './calibrate.js';
import {
  type Calibration,
  calibrationPath,
  modelFingerprint,
  readCalibration,
  writeCalibration,
} from './calibration-file.js';

/** Where the images come from that a model is measured on for int8. */
export interface Int8Options extends Omit<CalibrateOptions, 'images' | 'height' | 'width'> {
  readonly images: () => Promise<CalibrateOptions['images']>; // asked for when the model has to be measured
  readonly anew: boolean; // measure the model whether it was before or not
  readonly keeps?: boolean; // what was measured, beside the checkpoint; true when not given
  readonly onMeasure?: () => void;
}

/** What is known of a model for int8, and where from. */
export interface CalibratedModel {
  readonly calibration: Calibration;
  readonly path: string; // of the file that keeps it
  readonly measured: boolean; // just now, not by an earlier run
  readonly notKept: string | undefined; // why the file could not be written
}

/**
 * What int8 needs to know of a model: from the file beside its checkpoint, else measured and kept there.
 *
 * @returns undefined where the model is not measured and there is no image: nothing is to be run either
 * @throws ModelError when the model is in half precision, or cannot be measured
 */
export async function calibrated(
  source: ModelSource,
  overrides: EvaluationOverrides,
  options: Int8Options,
): Promise<CalibratedModel | undefined> {
  if (source.precision !== 'fp32') {
    throw new ModelError('the model is in half precision already; int8 needs single precision', {
      hint: 'Use the checkpoint, or a file of halonet convert --precision fp32.',
    });
  }
  const built = source.build(
    source.outputs.map((name) => ({ name })),
    overrides,
  );
  const graph = toStandardOps(built.graph);
  const { mean, std, height, width } = overridden(source.config.pretrained, overrides);
  const fingerprint = await modelFingerprint(source.path, graph, { network: source.network, mean, std });
  const path = calibrationPath(source.path, fingerprint);
  const known = options.anew ? undefined : await readCalibration(path, fingerprint, planInt8(graph).values);
  if (known !== undefined) return { calibration: known, path, measured: false, notKept: undefined };
  options.onMeasure?.();
  const images = await options.images();
  if (images.length === 0 && !options.anew) return undefined;
  const calibration = await calibrate(graph, { ...options, images, height, width });
  const notKept =
    options.keeps === false ? 'a trial keeps nothing' : await keep(path, fingerprint, calibration);
  return { calibration, path, measured: true, notKept };
}

/** @returns why it could not be kept */
async function keep(...[path, fingerprint, calibration]: Parameters<typeof writeCalibration>) {
  try {
    await writeCalibration(path, fingerprint, calibration);
    return undefined;
  } catch (error) {
    if (error instanceof HalonetError) return error.message;
    throw error;
  }
}

/** A model's graph in int8, with what its calibration says of it. */
export function inInt8(graph: Graph, { ranges }: Calibration): Graph {
  return toInt8(toStandardOps(graph), ranges);
}

import { HalonetError, ModelError } from '../../errors.js';
import type { Graph } from '../../graph.js';
import { toInt8 } from '../../model/passes/int8.js';
import { planInt8 } from '../../model/passes/int8-plan.js';
import { toStandardOps } from '../../model/passes/standard-ops.js';
import type { ModelSource } from '../model-source.js';
import { isPackaged } from '../package-files.js';
import { type EvaluationOverrides, overridden } from '../preprocessing.js';
import { type CalibrateOptions, calibrate } from './calibrate.js';
import {
  type Calibration,
  calibrationPath,
  modelFingerprint,
  readCalibration,
  writeCalibration,
} from './calibration-file.js';

/** The source of images for int8 calibration. */
export interface Int8Options extends Omit<CalibrateOptions, 'images' | 'height' | 'width'> {
  readonly images: () => Promise<CalibrateOptions['images']>; // called only if the model has to be measured
  readonly fresh: boolean; // measure even if a calibration exists
  /** Whether to store the calibration beside the checkpoint; by default yes, except for the demo model in the package. */
  readonly keeps?: boolean | undefined;
  readonly onMeasure?: () => void;
}

/** A model's int8 calibration, and its origin. */
export interface CalibratedModel {
  readonly calibration: Calibration;
  readonly path: string; // of the calibration file
  readonly measured: boolean; // by this run, not by an earlier one
  readonly notKept: string | undefined; // why it was not stored
}

/**
 * Returns a model's int8 calibration: read from the file beside its checkpoint, else measured and stored there.
 *
 * @returns undefined if the model has no calibration and there are no images: then there is nothing to run either
 * @throws ModelError if the model is in half precision, or cannot be measured
 */
export async function calibrated(
  source: ModelSource,
  overrides: EvaluationOverrides,
  options: Int8Options,
): Promise<CalibratedModel | undefined> {
  if (source.precision !== 'fp32') {
    throw new ModelError('the model is in half precision already: int8 needs single precision', {
      hint: 'Use the checkpoint that it was converted from, or convert it again with --precision fp32.',
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
  const known = options.fresh ? undefined : await readCalibration(path, fingerprint, planInt8(graph).values);
  if (known !== undefined) return { calibration: known, path, measured: false, notKept: undefined };
  options.onMeasure?.();
  const images = await options.images();
  if (images.length === 0 && !options.fresh) return undefined;
  const calibration = await calibrate(graph, { ...options, images, height, width });
  const notKept = reasonNotToKeep(source.path, options.keeps) ?? (await keep(path, fingerprint, calibration));
  return { calibration, path, measured: true, notKept };
}

function reasonNotToKeep(checkpoint: string, keeps: boolean | undefined): string | undefined {
  if (keeps === false) return 'a dry run writes nothing';
  return keeps === undefined && isPackaged(checkpoint)
    ? 'the demo model keeps the one it ships with'
    : undefined;
}

/** @returns why it could not be stored */
async function keep(...[path, fingerprint, calibration]: Parameters<typeof writeCalibration>) {
  try {
    await writeCalibration(path, fingerprint, calibration);
    return undefined;
  } catch (error) {
    if (error instanceof HalonetError) return error.message;
    throw error;
  }
}

/** Converts a model's graph to int8, using its calibration. */
export function quantize(graph: Graph, { ranges }: Calibration): Graph {
  return toInt8(toStandardOps(graph), ranges);
}

import { HalonetError } from '../errors.js';
import { encodeOnnx } from '../formats/onnx/encode.js';
import type { Graph } from '../graph.js';
import { openDecoder } from '../images/decoder.js';
import type { Preprocessing } from '../images/geometry.js';
import type { PretrainedCfg } from '../model/config/pretrained.js';
import type { OutputRequest } from '../model/outputs.js';
import { toStandardOps } from '../model/passes/standard-ops.js';
import type { CheckpointOptions } from '../models/checkpoint.js';
import { type CalibratedModel, calibrated, type Int8Options, quantize } from '../models/int8/int8.js';
import type { ModelFacts, ModelSource, RunPrecision } from '../models/model-source.js';
import { openModel } from '../models/open-model.js';
import { toFloats } from '../models/precision.js';
import { overridden, type PreprocessingOverrides, preprocessingOf } from '../models/preprocessing.js';
import { type Device, hasFusedOperators } from '../runtime/devices.js';

/** The built model of a job. */
export interface JobModel {
  readonly config: ModelFacts;
  readonly shapeOf: (output: string) => readonly number[]; // for one image
}

/** A model that is ready to run. */
export interface Prepared {
  readonly onnx: Uint8Array;
  readonly path: string; // of the file that holds the weights
  readonly model: JobModel;
  readonly names: readonly string[]; // of the graph's outputs, in the order of the requests
  readonly preprocessing: Preprocessing;
  readonly normalisation: Pick<PretrainedCfg, 'mean' | 'std'>; // applied in the network, not in decoding
}

export interface PrepareOptions extends CheckpointOptions {
  readonly device: Device;
  readonly precision?: RunPrecision | undefined; // the model's own by default
  readonly int8: Omit<Int8Options, 'decode'>;
  readonly decodeSeconds: number; // time limit per image
  readonly onCalibrated?: (model: CalibratedModel) => void;
}

/**
 * Opens a model and builds the graph of the outputs for a device; releases the tensors on return.
 *
 * @throws HalonetError if the model cannot be read, or does not support these options
 */
export async function prepare(
  name: string,
  outputs: readonly OutputRequest[],
  overrides: PreprocessingOverrides,
  options: PrepareOptions,
): Promise<Prepared> {
  const { hub, architecture, onDownload, onNote, signal } = options;
  const source = await openModel(name, { hub, architecture, onDownload, onNote, signal });
  const { config } = source;
  const { graph, shapes } = source.build(outputs, overrides);
  const settings = overridden(config.pretrained, overrides);
  const preprocessing = preprocessingOf(settings, overrides);
  const shapeOf = (output: string) => {
    const shape = shapes[output];
    if (shape === undefined) throw new HalonetError(`the model was built without its output ${output}`);
    return shape;
  };
  return {
    onnx: encodeOnnx(await inPrecision(graph, source, overrides, preprocessing, options)),
    path: source.path,
    model: { config, shapeOf },
    names: graph.outputs.map(({ name }) => name),
    preprocessing,
    normalisation: { mean: settings.mean, std: settings.std },
  };
}

async function inPrecision(
  graph: Graph,
  source: ModelSource,
  overrides: PreprocessingOverrides,
  preprocessing: Preprocessing,
  { device, precision = source.precision, int8, decodeSeconds, signal, onCalibrated }: PrepareOptions,
): Promise<Graph> {
  if (precision !== 'int8') {
    const floats = toFloats(graph, source.precision, precision);
    return hasFusedOperators(device.name) ? floats : toStandardOps(floats);
  }
  const { decode, close } = openDecoder(preprocessing, { timeout: decodeSeconds, signal });
  const model = await calibrated(source, overrides, { ...int8, decode }).finally(close);
  if (model === undefined) return graph;
  onCalibrated?.(model);
  return quantize(graph, model.calibration);
}

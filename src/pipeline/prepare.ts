import { HalonetError } from '../errors.js';
import { encodeOnnx } from '../formats/onnx/encode.js';
import type { Preprocessing } from '../images/geometry.js';
import type { OutputRequest } from '../model/outputs.js';
import { toStandardOps } from '../model/passes/standard-ops.js';
import { type Device, hasFusedOperators } from '../runtime/devices.js';
import type { CheckpointOptions } from './checkpoint.js';
import type { ModelFacts } from './model-source.js';
import { openModel } from './open-model.js';
import { overridden, type PreprocessingOverrides, preprocessingOf } from './preprocessing.js';

/** The model of a job once it is built. */
export interface JobModel {
  readonly config: ModelFacts;
  readonly shapeOf: (output: string) => readonly number[]; // of one image
}

/** A model that is ready to run. */
export interface Prepared {
  readonly onnx: Uint8Array;
  readonly model: JobModel;
  readonly preprocessing: Preprocessing;
}

/**
 * Opens a model and builds the graph of the outputs for a device; the tensors are let go on return.
 *
 * @throws HalonetError when the model cannot be read, or used so
 */
export async function prepare(
  name: string,
  outputs: readonly OutputRequest[],
  overrides: PreprocessingOverrides,
  { hub, architecture, onDownload, signal, device }: CheckpointOptions & { readonly device: Device },
): Promise<Prepared> {
  const { config, build } = await openModel(name, {
    ...{ hub, architecture, signal },
    ...(onDownload && { onDownload }),
  });
  const { graph, shapes } = build(outputs, overrides);
  const shapeOf = (output: string) => {
    const shape = shapes[output];
    if (shape === undefined) throw new HalonetError(`the model was built without its output ${output}`);
    return shape;
  };
  return {
    onnx: encodeOnnx(hasFusedOperators(device.name) ? graph : toStandardOps(graph)),
    model: { config, shapeOf },
    preprocessing: preprocessingOf(overridden(config.pretrained, overrides), overrides.autoOrient),
  };
}

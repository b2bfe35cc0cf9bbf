// src/models/: from a model's name to the model: finds, downloads, reads, describes and converts it

import { buildModel } from '../model/build.js';
import { type CheckpointOptions, loadCheckpoint } from './checkpoint.js';
import type { ModelSource } from './model-source.js';
import { architectureFixed, isOnnxFile, openOnnxModel } from './onnx-model.js';
import { overridden } from './preprocessing.js';

/**
 * Opens the model that `model` names: an ONNX file made by halonet, or anything that `loadCheckpoint` accepts.
 *
 * @throws HalonetError if there is no such model or it cannot be read
 */
export async function openModel(model: string, options: CheckpointOptions): Promise<ModelSource> {
  if (await isOnnxFile(model)) {
    if (options.architecture === undefined) return openOnnxModel(model);
    throw architectureFixed();
  }
  const { config, tensors, weightsPath } = await loadCheckpoint(model, options);
  const { cfg, numClasses, globalPool, outputStride, trainedSize } = config;
  return {
    config,
    path: weightsPath,
    network: { cfg, numClasses, globalPool, outputStride, trainedSize },
    precision: 'fp32',
    outputs: config.numClasses > 0 ? ['logits', 'embedding'] : ['embedding'],
    build: (outputs, overrides) =>
      buildModel(
        { network: config, ...overridden(config.pretrained, overrides), outputs },
        tensors,
        weightsPath,
      ),
  };
}

import { ModelError } from '../errors.js';
import { configOfTimm, type ModelConfig, parseModelConfig } from '../model/config-file/parse.js';
import { type GraphSummary, type NetworkSummary, summarize, summarizeGraph } from '../model/summary.js';
import { blankWeights, CheckpointWeights } from '../model/weights.js';
import type { DType } from '../tensor.js';
import { type CheckpointOptions, loadCheckpoint, readText } from './checkpoint.js';
import { configOfFolder, findCached, parseModelName, repoOf } from './locate.js';
import type { ModelFacts } from './model-source.js';
import { architectureFixed, isOnnxFile, readOnnxModel } from './onnx-model.js';

/** What is known of a model. */
export type Inspection =
  | {
      readonly kind: 'network';
      readonly facts: ModelFacts;
      readonly imageSize: ImageSize; // the size that the figures are for
      readonly summary: NetworkSummary;
      readonly weights: WeightsSummary | undefined; // undefined: not available locally; the network is known without them
    }
  | {
      readonly kind: 'onnx';
      readonly facts: ModelFacts;
      readonly imageSize: ImageSize;
      readonly summary: GraphSummary;
      readonly weights: WeightsSummary;
    };

interface ImageSize {
  readonly height: number; // pixels
  readonly width: number;
}

/** The weights of a model. */
export interface WeightsSummary {
  readonly path: string;
  readonly tensors: number;
  readonly bytes: number;
  readonly dtypes: readonly DType[];
  readonly stateDict: string | undefined; // the dict of a training checkpoint that was used
}

export interface InspectOptions extends CheckpointOptions {
  readonly imageSize?: ImageSize | undefined;
}

/**
 * Measures a model without running it. Checks an available checkpoint against its network, tensor by tensor. A timm
 * model that is not cached is not downloaded, and a config.json needs no weights.
 *
 * @throws ModelError if there is no such model, its checkpoint does not fit, or it does not support images of this
 *   size
 */
export async function inspectModel(model: string, options: InspectOptions): Promise<Inspection> {
  if (await isOnnxFile(model)) {
    if (options.architecture !== undefined) throw architectureFixed();
    if (options.imageSize === undefined) return inspectOnnx(model);
    throw new ModelError('--image-size is for checkpoints: the size of an ONNX file is fixed', {
      hint: 'Convert again at another size: halonet convert MODEL --image-size N --output FILE.onnx',
    });
  }
  const known = await configAlone(model, options);
  if (known === undefined) return inspectCheckpoint(model, options);
  if (options.architecture === undefined) return inspectConfig(known, options);
  throw new ModelError(
    `--architecture is for checkpoints: ${JSON.stringify(model)} already says which architecture it is`,
    { hint: 'Leave out --architecture.' },
  );
}

async function inspectOnnx(path: string): Promise<Inspection> {
  const { graph, config } = await readOnnxModel(path);
  const { height, width } = config.pretrained;
  const weights = weightsSummary(
    path,
    [...graph.initializers.values()].map((tensor) => ({ ...tensor, data: tensor.read() })),
  );
  return {
    kind: 'onnx',
    facts: config,
    imageSize: { height, width },
    summary: summarizeGraph(graph),
    weights,
  };
}

async function inspectCheckpoint(model: string, options: InspectOptions): Promise<Inspection> {
  const { config, tensors, weightsPath, stateDict } = await loadCheckpoint(model, options);
  const weights = new CheckpointWeights(tensors, weightsPath);
  const { height, width } = options.imageSize ?? config.pretrained;
  const summary = summarize({ network: config, ...config.pretrained, height, width }, weights);
  weights.assertAllTaken();
  return {
    kind: 'network',
    facts: config,
    imageSize: { height, width },
    summary,
    weights: weightsSummary(weightsPath, [...tensors.values()], stateDict),
  };
}

function inspectConfig(config: ModelConfig, options: InspectOptions): Inspection {
  const { height, width } = options.imageSize ?? config.pretrained;
  const atOwnSize = blankWeights();
  summarize({ network: config, ...config.pretrained, ...config.trainedSize }, atOwnSize);
  // At another size, learned positions keep the shape of the model's own size.
  const weights = blankWeights(atOwnSize.taken);
  const summary = summarize({ network: config, ...config.pretrained, height, width }, weights);
  return { kind: 'network', facts: config, imageSize: { height, width }, summary, weights: undefined };
}

function weightsSummary(
  path: string,
  tensors: readonly { readonly dtype: DType; readonly data: Uint8Array }[],
  stateDict?: string,
): WeightsSummary {
  return {
    path,
    stateDict,
    tensors: tensors.length,
    bytes: tensors.reduce((sum, { data }) => sum + data.byteLength, 0),
    dtypes: [...new Set(tensors.map(({ dtype }) => dtype))],
  };
}

/** Returns the config of a model that needs no weights here: a config file, or a timm name that is not cached. */
async function configAlone(model: string, { hub }: InspectOptions): Promise<ModelConfig | undefined> {
  const name = await parseModelName(model);
  const file =
    name.kind === 'folder' ? await configOfFolder(name.path) : name.kind === 'file' ? name.path : '';
  if (file?.endsWith('.json')) return parseModelConfig(await readText(file), file);
  if (name.kind !== 'timm') return undefined;
  const { details } = name.timm;
  const cached = details.published ? await findCached(repoOf(name.timm), hub) : undefined;
  return cached === undefined ? configOfTimm(name.timm) : undefined;
}

import { ModelError } from '../../errors.js';
import { encodeOnnx } from '../../formats/onnx/encode.js';
import type { Graph } from '../../graph.js';
import type { DecodedImage } from '../../images/decode.js';
import type { FoundItem, Item } from '../../item.js';
import { lowDiscrepancyOrder } from '../../low-discrepancy-order.js';
import { type Range, toInt8 } from '../../model/passes/int8.js';
import { planInt8 } from '../../model/passes/int8-plan.js';
import { extremesOf, observed } from '../../model/passes/observe.js';
import { CPU } from '../../runtime/devices.js';
import type { BatchOutputs } from '../../runtime/protocol.js';
import { Session } from '../../runtime/session.js';
import { agreementOf, floatsOf, outputsToCompare } from './agreement.js';
import type { Calibration } from './calibration-file.js';

export interface CalibrateOptions {
  readonly images: readonly Item[]; // to take a sample from
  readonly decode: (item: FoundItem) => Promise<DecodedImage>;
  readonly height: number; // of a decoded image, pixels
  readonly width: number;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}

/** The number of images to calibrate on. */
export const SAMPLE = 64;

const BATCH_SIZE = 4;

/**
 * Measures the ranges of a model's activations over a sample of images, then how well int8 with these ranges agrees
 * with the original model.
 *
 * @param graph of standard operators, in single precision
 * @throws ModelError if none of the images can be read, or the model has nothing to convert to int8 or computes NaN
 */
export async function calibrate(graph: Graph, options: CalibrateOptions): Promise<Calibration> {
  const { values } = planInt8(graph);
  if (values.size === 0) {
    throw new ModelError('the model has no convolution that int8 would make faster', {
      hint: 'Run it with --precision fp32.',
    });
  }
  const images = await decodeSample(options);
  const compared = outputsToCompare(graph.outputs);
  const outputs = graph.outputs.filter(({ name }) => [compared.scores, compared.features].includes(name));
  const floats = await compute(observed({ ...graph, outputs }, values), images, options);
  const ranges = new Map([...values].map((value) => [value, rangeOf(value, floats)] as const));
  const integers = await compute(toInt8({ ...graph, outputs }, ranges), images, options);
  return { images: images.length, ranges, agreement: agreementOf(compared, floats, integers) };
}

/** Picks images from all over the list, the same ones each time. */
async function decodeSample({ images, decode, signal }: CalibrateOptions): Promise<Uint8Array[]> {
  const decoded: Uint8Array[] = [];
  let problem = '';
  const picked = lowDiscrepancyOrder([...images.entries()]);
  for (let next = 0; next < picked.length && decoded.length < SAMPLE; ) {
    const some = picked.slice(next, next + SAMPLE - decoded.length);
    next += some.length;
    const pixels = new Map<Item, Uint8Array>();
    // In the order of the list: a compressed archive is read from its beginning for each image that comes earlier in it.
    for (const [, item] of some.toSorted(([a], [b]) => a - b)) {
      signal?.throwIfAborted();
      const image = item.status === 'failed' ? item : await decode(item);
      if (image.status === 'ok') pixels.set(item, image.pixels);
      else problem ||= ` (${item.id}: ${image.failure.message})`;
    }
    decoded.push(...some.flatMap(([, item]) => pixels.get(item) ?? []));
  }
  if (decoded.length > 0) return decoded;
  const none = images.length === 0 ? 'there is none' : `none of ${images.length} could be read${problem}`;
  throw new ModelError(`int8 needs images to calibrate the model on, and ${none}`, {
    hint: 'Name a folder of similar images: --calibration FOLDER',
  });
}

/** Runs a graph on the images, batch by batch. */
async function compute(
  graph: Graph,
  images: readonly Uint8Array[],
  { height, width, threads, signal }: CalibrateOptions,
): Promise<BatchOutputs[]> {
  const session = await Session.open(encodeOnnx(graph), { threads, device: CPU });
  try {
    const results: BatchOutputs[] = [];
    for (let i = 0; i < images.length; i += BATCH_SIZE) {
      signal?.throwIfAborted();
      const batch = images.slice(i, i + BATCH_SIZE);
      const pixels = new Uint8Array(batch.length * height * width * 3);
      for (const [place, image] of batch.entries()) pixels.set(image, place * image.byteLength);
      results.push((await session.run(pixels, [batch.length, height, width, 3])).outputs);
    }
    return results;
  } finally {
    await session.close();
  }
}

// Clip the extremes of this fraction of images: finer steps for all other values are worth more.
const OUTLIERS = 1 / 32;

/** @throws ModelError if a value is not finite */
function rangeOf(value: string, results: readonly BatchOutputs[]): Range {
  const sorted = (name: string) =>
    Float32Array.from(results.flatMap((outputs) => [...floatsOf(outputs, name)])).sort();
  const names = extremesOf(value);
  const [lows, highs] = [sorted(names.min), sorted(names.max)];
  if (![...lows, ...highs].every(Number.isFinite)) {
    throw new ModelError(`the model computes NaN or infinity (${value}) for a calibration image`, {
      hint: 'Check its checkpoint and its config.json: int8 would turn such values into ordinary ones.',
    });
  }
  const clipped = Math.floor(OUTLIERS * lows.length);
  return { min: rounded(lows.at(clipped) ?? 0), max: rounded(highs.at(-1 - clipped) ?? 0) };
}

/** Rounds to six digits: far more than 8 bits can represent, but short in a file. */
const rounded = (x: number) => Number(x.toPrecision(6));

import { readFileSync } from 'node:fs';
import { encodeOnnx } from '../../src/formats/onnx/encode.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';
import { type BuiltModel, buildModel } from '../../src/model/build.js';
import { parseModelConfig } from '../../src/model/config-file/parse.js';
import type { OutputRequest } from '../../src/model/outputs.js';
import { CPU } from '../../src/runtime/devices.js';
import type { Tensor } from '../../src/tensor.js';

/** Builds the model of a checkpoint folder for some outputs, as the bytes of an ONNX file. */
export function onnxOf(
  folder: string,
  outputs: readonly OutputRequest[],
  tensors?: ReadonlyMap<string, Tensor>,
): { readonly onnx: Uint8Array; readonly shapes: BuiltModel['shapes'] } {
  const where = `${folder}/config.json`;
  const network = parseModelConfig(readFileSync(where, 'utf8'), where);
  const weights =
    tensors ?? parseSafetensors(readFileSync(`${folder}/model.safetensors`), `${folder}/model.safetensors`);
  const { graph, shapes } = buildModel({ network, ...network.pretrained, outputs }, weights, folder);
  return { onnx: encodeOnnx(graph), shapes };
}

export const DEMO_MODEL = 'assets/demo-model';

/** Session options for the CPU. */
export const onCpu = (threads: number) => ({ threads, device: CPU }) as const;

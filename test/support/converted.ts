import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import { type ConvertOptions, onnxFileOf } from '../../src/models/convert.js';
import { openModel } from '../../src/models/open-model.js';

type Request = Partial<Pick<ConvertOptions, 'precision' | 'preprocessing'>> & {
  readonly outputs?: readonly string[];
  readonly more?: readonly string[]; // outputs in addition to the usual ones
};

/** Converts a model as `halonet convert` does. */
export async function converted(model: string, { more = [], ...request }: Request = {}): Promise<Uint8Array> {
  const source = await openModel(model, { hub: hubSettingsFromEnv({}, '/nowhere') });
  const usual = { outputs: [...source.outputs, ...more], precision: 'fp32', preprocessing: {} } as const;
  return onnxFileOf(source, { ...usual, ...request, toolVersion: 'test' }).onnx;
}

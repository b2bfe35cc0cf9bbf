import { extname } from 'node:path';
import { OutputError } from '../errors.js';
import { findPlace } from '../files/place.js';

/**
 * Refuses an output that an ONNX file cannot be written to, without touching the disk.
 *
 * @throws {OutputError} as `findPlace`, or for a file that is not named `.onnx`
 */
export async function checkOnnxFile(output: string, overwrite: boolean): Promise<void> {
  const place = await findPlace(output, overwrite, 'model.onnx');
  if (place.kind !== 'file' || extname(output).toLowerCase() === '.onnx') return;
  throw new OutputError(`${output} is not named as an ONNX file: expected the extension .onnx.`, {
    hint: 'Rename the output: by the extension, --model knows it again.',
  });
}

import { extname } from 'node:path';
import { OutputError } from '../errors.js';
import { findPlace } from '../files/place.js';

/**
 * Refuses an output that cannot be written as an ONNX file, without touching the disk.
 *
 * @throws {OutputError} as `findPlace`, or for a file not named `.onnx`
 */
export async function checkOnnxFile(output: string, overwrite: boolean): Promise<void> {
  const place = await findPlace(output, overwrite, ['.onnx']);
  if (place.kind !== 'file' || extname(output).toLowerCase() === '.onnx') return;
  throw new OutputError(`${output} is not named as an ONNX file: expected the extension .onnx.`, {
    hint: 'Rename the output: by the extension, --model knows it again.',
  });
}

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
  const named = `${output.slice(0, output.length - extname(output).length)}.onnx`;
  throw new OutputError(`${output}: the output must end in .onnx`, {
    hint: `--model recognises ONNX files by this extension. Try --output ${named}`,
  });
}

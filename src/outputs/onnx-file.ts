import { extname } from 'node:path';
import { OutputError } from '../errors.js';
import { type ChannelOptions, openByteChannel } from './byte-channel.js';
import { findPlace } from './place.js';

const PIECE_BYTES = 16 * 2 ** 20; // written at a time, so that an interruption is noticed

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

/**
 * Writes an ONNX file: it appears under its name complete or not at all.
 *
 * @throws {OutputError} where it cannot be written; the signal's reason when it aborts
 */
export async function writeOnnxFile(
  onnx: Uint8Array,
  options: ChannelOptions & { readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const channel = await openByteChannel(options);
  try {
    for (let at = 0; at < onnx.byteLength; at += PIECE_BYTES) {
      options.signal?.throwIfAborted();
      await channel.write(onnx.subarray(at, at + PIECE_BYTES));
    }
    options.signal?.throwIfAborted();
    await channel.commit();
  } catch (error) {
    await channel.abort().catch(() => {}); // what went wrong first is what matters
    throw error;
  }
}

import { HalonetError } from '../errors.js';
import { OutOfMemoryError } from '../runtime/out-of-memory.js';
import type { BatchOutputs, RunTiming } from '../runtime/protocol.js';
import type { Session } from '../runtime/session.js';

/** The results of a batch, which ran in one piece or several. */
export interface Inference {
  readonly parts: readonly InferredPart[]; // in the order of the images
  readonly pixels: Uint8Array; // the batch's own buffer, returned for reuse
}

export interface InferredPart {
  readonly count: number; // images
  readonly outputs: BatchOutputs; // each [count, …]
}

export interface InferOptions {
  readonly session: Session;
  readonly height: number; // pixels
  readonly width: number;
  readonly tuning: RunLimits;
}

/** The size limit of runs, and callbacks for their results. */
export interface RunLimits {
  readonly largestRun: number; // images
  readonly ran: (images: number, timing: RunTiming) => void;
  readonly outOfMemory: (images: number) => void; // lowers `largestRun`; called for 2 images or more
}

/**
 * Runs a batch. If it does not fit in memory, runs it in pieces of half the size, and so on.
 *
 * @param pixels uint8 [count, height, width, 3]; its buffer is transferred, and returned with the result
 * @throws HalonetError if the session fails, or one image does not fit in memory
 */
export async function infer(
  pixels: Uint8Array,
  count: number,
  { session, height, width, tuning }: InferOptions,
): Promise<Inference> {
  const imageBytes = height * width * 3;
  const parts: InferredPart[] = [];
  let { buffer } = pixels;
  for (let done = 0; done < count; ) {
    const images = Math.min(count - done, tuning.largestRun);
    const piece = new Uint8Array(buffer, pixels.byteOffset + done * imageBytes, images * imageBytes);
    try {
      const { outputs, timing, pixels: back } = await session.run(piece, [images, height, width, 3]);
      parts.push({ count: images, outputs });
      tuning.ran(images, timing);
      buffer = back.buffer;
      done += images;
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      if (images === 1) throw outOfMemory(error);
      tuning.outOfMemory(images);
      buffer = error.pixels.buffer;
    }
  }
  return { parts, pixels: new Uint8Array(buffer, pixels.byteOffset, pixels.byteLength) };
}

function outOfMemory(cause: OutOfMemoryError): HalonetError {
  return new HalonetError(`there is not enough memory to run one image: ${cause.message}`, {
    hint: 'End other programs, or give a smaller --image-size.',
    cause,
  });
}

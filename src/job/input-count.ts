import { STDIN } from '../sources/standard-input.js';
import type { ImageOptions, JobOptions } from './options.js';
import { walkImages } from './walk-images.js';

/** The number of a job's inputs, counted by a second walk in parallel with its work. */
export class InputCount {
  readonly #ended = new AbortController();
  #counting: Promise<void> = Promise.resolve();
  #total: number | undefined;

  /** The number of inputs; undefined until it is known, and for inputs that can be read only once, or are archives on servers. */
  get total(): number | undefined {
    return this.#total;
  }

  /**
   * Starts counting, if the number is needed.
   * @param known the number, if the inputs need not be counted: a retry takes them from the rows of an output
   */
  start({ images, outputs, onEvent }: JobOptions, known?: number): void {
    const ofFiles = !('sink' in outputs);
    if (known !== undefined) {
      this.#total = known;
      onEvent?.({ kind: 'counted', total: known });
      return;
    }
    if (!images.counted && !(ofFiles && outputs.checksSpace)) return;
    this.#counting = countInputs(images, this.#ended.signal).then(
      (total) => {
        this.#total = total;
        onEvent?.({ kind: 'counted', total });
      },
      () => {}, // the job's own walk reports the error
    );
  }

  /** Resolves once counting has stopped. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#counting;
  }
}

async function countInputs(images: ImageOptions, signal: AbortSignal): Promise<number | undefined> {
  if (images.inputs.includes(STDIN)) return undefined;
  let count = 0;
  const uncolumned = { ...images, columns: undefined }; // reading them would take time, and change nothing
  for await (const item of walkImages(uncolumned, { signal })) {
    signal.throwIfAborted();
    if (item.status === 'found' && item.remote === 'part') return undefined; // it would request the archive twice
    count++;
  }
  return count;
}

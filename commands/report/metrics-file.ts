import { open } from 'node:fs/promises';
import { extname, relative, resolve } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { findPlace, statOrUndefined } from '../../src/files/place.js';
import { ReplacedFile } from '../../src/files/replaced-file.js';
import { attempt } from '../../src/files/write-error.js';
import { DECODABLE_EXTENSIONS } from '../../src/images/extensions.js';
import type { JobEvent } from '../../src/job/events.js';
import { systemReason } from '../../src/system-reason.js';
import { ProgressTally } from './job-progress.js';
import { FIRST_LINE, metricsText } from './metrics-text.js';
import { LINE_SECONDS } from './plain-lines.js';

export interface MetricsOptions {
  readonly path: string; // as the user gave it
  readonly outputs: readonly string[]; // of the run: paths, or '-'
  readonly info: Readonly<Record<string, string>>; // labels that describe the run
  readonly onNote: (note: string) => void; // told once if the file cannot be replaced any more
  readonly everySeconds?: number; // between two states
}

/**
 * A file with the state of a run for Prometheus, as its node_exporter reads it: replaced when the run starts, every few seconds,
 * and when it ends.
 */
export class MetricsFile {
  readonly #options: MetricsOptions;
  readonly #file: ReplacedFile;
  readonly #tally = new ProgressTally();
  readonly #startSeconds = Date.now() / 1000;
  #written = performance.now();
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #hasFailed = false;
  #hasEnded = false;

  private constructor(options: MetricsOptions, path: string) {
    this.#options = options;
    this.#file = new ReplacedFile(path);
  }

  /**
   * Writes the first state.
   *
   * @throws {OutputError} if the file cannot be written, or is not a metrics file
   */
  static async open(options: MetricsOptions): Promise<MetricsFile> {
    const { path, outputs } = options;
    refuseName(path, outputs);
    const place = await findPlace(path, true, ['.prom']);
    if (place.kind !== 'file') throw notMetrics(path, 'is not a file that can be replaced');
    await refuseOthersFile(path, place.path);
    const file = new MetricsFile(options, place.path);
    await attempt(path, () => file.#file.replace(file.#text(undefined)));
    return file;
  }

  /** Follows the run. */
  report(event: JobEvent): void {
    this.#tally.report(event);
    const { everySeconds = LINE_SECONDS } = this.#options;
    if (this.#hasEnded || this.#isWriting || performance.now() - this.#written < 1000 * everySeconds) return;
    this.#writing = this.#write(undefined);
  }

  /** Writes the last state, unless it is written already. */
  async end(exitCode: number): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    await this.#writing;
    await this.#write(exitCode);
  }

  async #write(exitCode: number | undefined): Promise<void> {
    this.#written = performance.now();
    this.#isWriting = true;
    try {
      await this.#file.replace(this.#text(exitCode));
    } catch (error) {
      if (!this.#hasFailed) this.#options.onNote(failureNote(this.#options.path, error));
      this.#hasFailed = true;
    } finally {
      this.#isWriting = false;
    }
  }

  #text(exitCode: number | undefined): string {
    return metricsText({
      info: this.#options.info,
      startSeconds: this.#startSeconds,
      updateSeconds: Date.now() / 1000,
      progress: this.#tally.progress,
      exitCode,
    });
  }
}

const failureNote = (path: string, error: unknown) =>
  `cannot write the metrics to ${path} (${systemReason(error)}); the run continues`;

// What outputs and inputs consist of. Their files would not be replaced, but might not exist yet.
const TAKEN: ReadonlySet<string> = new Set([
  ...DECODABLE_EXTENSIONS,
  ...['.csv', '.tsv', '.json', '.jsonl', '.npy', '.parquet', '.gz', '.zst', '.tar', '.zip', '.rows', '.lock'],
]);

/** Refuses names that belong to images and outputs. */
function refuseName(path: string, outputs: readonly string[]): void {
  const extension = extname(path).toLowerCase();
  if (path === '-') throw notMetrics(path, 'is no file');
  if (TAKEN.has(extension)) throw notMetrics(path, `has the extension ${extension} of an image or an output`);
  const files = outputs.filter((output) => output !== '-');
  for (const folder of files.flatMap((output) => [output, `${output}.partial`])) {
    const inside = relative(resolve(folder), resolve(path));
    if (inside === '' || !/^\.\.($|[\\/])|^([a-z]:|[\\/])/i.test(inside))
      throw notMetrics(path, 'belongs to the output');
  }
}

/** Refuses a file that is not a metrics file of halonet. An empty one may be what a power cut left. */
async function refuseOthersFile(path: string, place: string): Promise<void> {
  if ((await statOrUndefined(place)) === undefined) return;
  const first = await attempt(path, () => startOf(place, FIRST_LINE.length));
  if (first !== '' && first !== FIRST_LINE) throw notMetrics(path, 'exists, and halonet did not write it');
}

async function startOf(path: string, bytes: number): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead).toString();
  } finally {
    await handle.close();
  }
}

const notMetrics = (path: string, why: string) =>
  new OutputError(`--metrics ${path} ${why}`, {
    hint: 'Name a file of its own, such as halonet.prom; node_exporter reads files that end in .prom.',
  });

/** A command line whose output is a file or a folder, and the files next to it. */
export interface JobCase {
  readonly name: string;
  readonly outputs: readonly string[]; // paths in the working folder, the lead first
  readonly args: readonly string[]; // without the images; the output is in the working folder
}

// Batch sizes are left to the run: README promises the same bytes on one machine, however an interrupted run divides
// its images into batches.
const COMMON = [
  ...['--model', 'demo', '--device', 'cpu', '--threads', '1', '--quiet'],
  ...['--checkpoint', '0.05'], // seconds: there is nearly always something to resume
];

/** A case, named after its words: the command, then its flags. */
export function jobCase(output: string, ...words: readonly string[]): JobCase {
  return {
    name: [...words, output].join(' '),
    outputs: [output],
    args: [...words, ...COMMON, '--output', output],
  };
}

/** A case of `halonet run`. @param emissions values of --emit, whose paths have no spaces */
export function runCase(...emissions: readonly string[]): JobCase {
  return {
    name: `run ${emissions.join(', ')}`,
    outputs: emissions.map((emission) => emission.replace(/^[a-z]+=(\S+).*/, '$1')),
    args: ['run', ...COMMON, ...emissions.flatMap((emission) => ['--emit', emission])],
  };
}

// The last stages of a pyramid are small.
const LAST = ['--stages', '3,4'];

/** The three commands in every format, and several outputs in one pass. */
export const JOB_CASES: readonly JobCase[] = [
  jobCase('classes.csv', 'classify'),
  jobCase('classes.jsonl', 'classify', '--scores', 'logit'),
  jobCase('scores.npy', 'classify'),
  jobCase('embeddings.csv', 'embed'),
  jobCase('embeddings.jsonl', 'embed', '--normalize'),
  jobCase('embeddings.npy', 'embed'),
  jobCase('halves.npy', 'embed', '--dtype', 'float16'),
  jobCase('pyramid', 'features', ...LAST),
  jobCase('pyramid.jsonl', 'features', ...LAST),
  jobCase('pooled.csv', 'features', '--pool', 'avg'),
  runCase('classify=classes.csv', 'embed=embeddings.npy', `features=pyramid ${LAST.join(' ')}`),
  runCase(
    'embed=embeddings.parquet',
    'classify=classes.csv.gz',
    `features=maps --layout per-image ${LAST.join(' ')}`,
  ),
  jobCase('classes.csv.gz', 'classify'),
  jobCase('embeddings.jsonl.zst', 'embed'),
  jobCase('classes.parquet', 'classify'),
  jobCase('halves.parquet', 'embed', '--dtype', 'float16'),
  jobCase('maps', 'features', '--layout', 'per-image', ...LAST),
];

/** What a flag of the job commands means for a run, for resuming it and for retrying it. */
export interface Setting {
  readonly sets: 'model' | 'images' | 'outputs' | 'compute' | 'reports'; // the part of a job that it affects; reports: only what halonet prints or reports beside the output
  /**
   * What it changes in the output: the bytes of every row, only which images fail, or nothing that resuming must
   * keep, because results do not depend on it.
   */
  readonly follows: 'rows' | 'failures' | 'nothing';
  /** The entry that records it in a run's fingerprint, if any. A run resumes only if that entry is the same. */
  readonly fingerprint?: readonly string[] | undefined;
  /**
   * How `halonet retry` treats it:
   * - `keep`: uses the run's value;
   * - `renew`: uses the run's value unless retry is given another;
   * - `own`: uses the value given to retry, whatever the run had;
   * - `drop`: ignores it, since it only concerned the original output.
   */
  readonly retry: 'keep' | 'renew' | 'own' | 'drop';
}

/** Every flag of the job commands. */
export const SETTINGS = {
  model: { sets: 'model', follows: 'rows', fingerprint: ['model'], retry: 'keep' },
  architecture: { sets: 'model', follows: 'rows', fingerprint: ['model'], retry: 'keep' },
  precision: { sets: 'model', follows: 'rows', fingerprint: ['model'], retry: 'keep' },
  calibration: { sets: 'model', follows: 'rows', fingerprint: ['model'], retry: 'keep' },

  'image-size': { sets: 'images', follows: 'rows', fingerprint: ['height', 'width'], retry: 'keep' },
  'crop-pct': { sets: 'images', follows: 'rows', fingerprint: ['cropPct'], retry: 'keep' },
  'crop-mode': { sets: 'images', follows: 'rows', fingerprint: ['cropMode'], retry: 'keep' },
  interpolation: { sets: 'images', follows: 'rows', fingerprint: ['interpolation'], retry: 'keep' },
  mean: { sets: 'images', follows: 'rows', fingerprint: ['fill', 'model'], retry: 'keep' },
  std: { sets: 'images', follows: 'rows', fingerprint: ['model'], retry: 'keep' },
  'auto-orient': { sets: 'images', follows: 'rows', fingerprint: ['autoOrient'], retry: 'keep' },
  decode: { sets: 'images', follows: 'rows', fingerprint: ['decode'], retry: 'keep' },
  'fail-on': { sets: 'images', follows: 'failures', fingerprint: ['failOn'], retry: 'renew' },
  'max-pixels': { sets: 'images', follows: 'failures', fingerprint: ['maxPixels'], retry: 'renew' },
  'decode-timeout': { sets: 'images', follows: 'failures', retry: 'renew' },
  null: { sets: 'images', follows: 'nothing', retry: 'keep' },
  from: { sets: 'images', follows: 'nothing', retry: 'drop' },
  'path-column': { sets: 'images', follows: 'nothing', retry: 'drop' },
  root: { sets: 'images', follows: 'nothing', retry: 'drop' },
  'keep-columns': { sets: 'images', follows: 'rows', fingerprint: ['columns'], retry: 'drop' },
  columns: { sets: 'images', follows: 'rows', fingerprint: ['facts'], retry: 'keep' },
  'crop-columns': { sets: 'images', follows: 'nothing', retry: 'drop' }, // the ids of items have the boxes
  'crop-units': { sets: 'images', follows: 'nothing', retry: 'drop' },
  requests: { sets: 'images', follows: 'nothing', retry: 'renew' },
  'public-hosts-only': { sets: 'images', follows: 'failures', retry: 'renew' },
  'fetch-timeout': { sets: 'images', follows: 'failures', retry: 'renew' },
  's3-endpoint': { sets: 'images', follows: 'failures', retry: 'renew' },
  's3-anonymous': { sets: 'images', follows: 'failures', retry: 'renew' },
  'image-column': { sets: 'images', follows: 'nothing', retry: 'keep' }, // the identity of an item has the column
  extensions: { sets: 'images', follows: 'nothing', retry: 'drop' },
  include: { sets: 'images', follows: 'nothing', retry: 'drop' },
  exclude: { sets: 'images', follows: 'nothing', retry: 'drop' },
  limit: { sets: 'images', follows: 'nothing', retry: 'drop' },
  sample: { sets: 'images', follows: 'nothing', retry: 'drop' },
  seed: { sets: 'images', follows: 'nothing', retry: 'drop' },
  'allow-empty': { sets: 'images', follows: 'nothing', retry: 'keep' },

  format: { sets: 'outputs', follows: 'rows', fingerprint: ['format'], retry: 'keep' },
  'csv-safe': { sets: 'outputs', follows: 'rows', fingerprint: ['csvSafe'], retry: 'keep' },
  'top-k': { sets: 'outputs', follows: 'rows', fingerprint: ['topK'], retry: 'keep' },
  scores: { sets: 'outputs', follows: 'rows', fingerprint: ['scores'], retry: 'keep' },
  labels: { sets: 'outputs', follows: 'rows', fingerprint: ['labels'], retry: 'keep' },
  'label-type': { sets: 'outputs', follows: 'rows', fingerprint: ['labels'], retry: 'keep' },
  normalize: { sets: 'outputs', follows: 'rows', fingerprint: ['outputs'], retry: 'keep' },
  dtype: { sets: 'outputs', follows: 'rows', fingerprint: ['dtype'], retry: 'keep' },
  layout: { sets: 'outputs', follows: 'rows', fingerprint: ['layout'], retry: 'keep' },
  stages: { sets: 'outputs', follows: 'rows', fingerprint: ['outputs'], retry: 'keep' },
  pool: { sets: 'outputs', follows: 'rows', fingerprint: ['outputs'], retry: 'keep' },
  emit: { sets: 'outputs', follows: 'nothing', retry: 'drop' }, // the flags in it have lines of their own
  output: { sets: 'outputs', follows: 'nothing', retry: 'drop' },
  overwrite: { sets: 'outputs', follows: 'nothing', retry: 'drop' },
  resume: { sets: 'outputs', follows: 'nothing', retry: 'drop' },
  sync: { sets: 'outputs', follows: 'nothing', retry: 'drop' },
  checkpoint: { sets: 'outputs', follows: 'nothing', retry: 'renew' },
  'check-space': { sets: 'outputs', follows: 'nothing', retry: 'renew' },

  'batch-size': { sets: 'compute', follows: 'nothing', retry: 'renew' },
  decoders: { sets: 'compute', follows: 'nothing', retry: 'renew' },
  device: { sets: 'compute', follows: 'rows', fingerprint: ['device'], retry: 'renew' },
  'device-id': { sets: 'compute', follows: 'nothing', retry: 'renew' },
  threads: { sets: 'compute', follows: 'nothing', retry: 'renew' },

  'max-failures': { sets: 'images', follows: 'nothing', retry: 'own' },
  'fail-fast': { sets: 'images', follows: 'nothing', retry: 'own' },
  'failures-ok': { sets: 'reports', follows: 'nothing', retry: 'own' },
  'dry-run': { sets: 'reports', follows: 'nothing', retry: 'drop' },
  progress: { sets: 'reports', follows: 'nothing', retry: 'own' },
  metrics: { sets: 'reports', follows: 'nothing', retry: 'own' },
  quiet: { sets: 'reports', follows: 'nothing', retry: 'own' },
} as const satisfies Readonly<Record<string, Setting>>;

/** The names of the flags that `halonet retry` treats in the given ways. */
export type SettingsRetried<How extends Setting['retry']> = {
  [Name in keyof typeof SETTINGS]: (typeof SETTINGS)[Name]['retry'] extends How ? Name : never;
}[keyof typeof SETTINGS];

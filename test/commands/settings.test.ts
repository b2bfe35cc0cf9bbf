import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { jobOptions } from '../../commands/flags/job-options.js';
import { flagsForRetry, retryFlags } from '../../commands/flags/retry-flags.js';
import { runFlags } from '../../commands/flags/run-flags.js';
import { SETTINGS, type Setting } from '../../commands/flags/settings.js';
import { TASKS } from '../../commands/flags/tasks.js';
import type { ModelFacts } from '../../src/models/model-source.js';
import { FLAGS, LIMITS } from '../../src/runs/fingerprint.js';

import { SHELL, sharedFlagsOf } from '../support/parsed-flags.js';

const settings: readonly (readonly [string, Setting])[] = Object.entries(SETTINGS);
const names = (found: typeof settings) => found.map(([name]) => name).toSorted();
const flagsOfCommands = [
  ...new Set([...Object.values(TASKS).map(({ flags }) => flags), runFlags].flatMap(Object.keys)),
];

const NAMES = join(tmpdir(), `halonet-names-${process.pid}.txt`);
before(() => writeFile(NAMES, 'one\ntwo\n'));
after(() => rm(NAMES));

describe('the table of settings', () => {
  it('has every flag of the job commands, and nothing else', () => {
    assert.deepEqual(names(settings), flagsOfCommands.toSorted());
  });

  it('fingerprints every flag that affects all rows, and none without effect', () => {
    for (const [name, { follows, fingerprint = [] }] of settings) {
      if (follows === 'rows') assert.ok(fingerprint.length > 0, name);
      if (follows === 'nothing') assert.deepEqual(fingerprint, [], name);
    }
  });

  it('agrees with the flags that describe a difference between two runs', () => {
    for (const [fingerprinted, flags] of Object.entries(FLAGS)) {
      const told = flags.map((flag) => flag.replace(/^--/, ''));
      const found = settings.filter(([, { fingerprint = [] }]) => fingerprint.includes(fingerprinted));
      assert.deepEqual(told.toSorted(), names(found), fingerprinted);
    }
    const known = settings.flatMap(([, { fingerprint = [] }]) => fingerprint);
    assert.deepEqual([...new Set(known)].toSorted(), Object.keys(FLAGS).toSorted());
  });

  it('lets a retry differ from its run only in what decides which images fail', () => {
    const limits = settings.filter(([, { follows }]) => follows === 'failures');
    const fingerprinted = limits.flatMap(([, { fingerprint = [] }]) => fingerprint);
    assert.deepEqual(fingerprinted.toSorted(), LIMITS.toSorted());
    for (const [name, { retry }] of limits) assert.equal(retry, 'renew', name);
  });

  it('determines the flags of halonet retry', () => {
    const given = settings.filter(([, { retry }]) => retry === 'renew' || retry === 'own');
    assert.deepEqual(Object.keys(retryFlags).toSorted(), names(given));
    for (const flag of Object.values(retryFlags)) assert.ok(flag !== undefined);
  });
});

describe('the settings of a retry', () => {
  const run = async (argv: readonly string[], folder?: string) => ({
    ...(await sharedFlagsOf('classify', argv)),
    output: '/out/x.npy',
    format: 'npy' as const,
    folder,
  });
  const given = async (argv: readonly string[]) => {
    const { flags, given: names } = await sharedFlagsOf('classify', ['-', ...argv]);
    return { flags, names };
  };

  it('come from the run, except those given again', async () => {
    const then = await run(['photos', '--model', 'demo', '--threads', '3', '--max-pixels', '5', '-k', '2']);
    const { flags, inputs } = flagsForRetry(then, await given(['--max-pixels', '7']));
    const { model, threads, output, format } = flags;
    assert.deepEqual(
      { model, threads, output, format },
      { model: 'demo', threads: 3, output: '/out/x.npy', format: 'npy' },
    );
    assert.equal(flags['max-pixels'], 7);
    assert.equal('top-k' in flags && flags['top-k'], 2);
    assert.deepEqual(inputs, ['photos']);
  });

  it('drop --sync, --quiet and --max-failures, but keep --checkpoint', async () => {
    const argv = ['photos', '-o', 'x.npy', '--sync', '--quiet', '--max-failures', '3', '--checkpoint', '9'];
    const { flags } = flagsForRetry(await run(argv), await given(['--fail-fast']));
    const { sync, quiet, checkpoint } = flags;
    assert.deepEqual(
      { sync: sync ?? false, quiet: quiet ?? false, checkpoint },
      { sync: false, quiet: false, checkpoint: 9 },
    );
    assert.equal(flags['max-failures'], undefined);
    assert.equal(flags['fail-fast'], true);
  });

  it('resolve relative paths against the folder of the run', async () => {
    const argv = ['photos', '-', '/abs', '--labels', 'a.txt', '--calibration', 'few', '--format', 'csv'];
    const { flags, inputs } = flagsForRetry(await run(argv, '/data'), await given([]));
    assert.equal('labels' in flags && flags.labels, '/data/a.txt');
    assert.equal(flags.calibration, '/data/few');
    assert.equal(flags.format, 'npy'); // as recorded
    assert.deepEqual(inputs, ['/data/photos', '-', '/abs']);
  });
});

/** A value for each flag other than its default, or the flag itself if it takes none. */
const GIVEN: Readonly<Record<Exclude<keyof typeof SETTINGS, 'emit'>, readonly string[]>> = {
  model: ['demo'],
  architecture: ['halonet26t'],
  precision: ['int8'],
  calibration: ['few'],
  'image-size': ['64'],
  'crop-pct': ['0.5'],
  'crop-mode': ['squash'],
  interpolation: ['bilinear'],
  mean: ['0,0,0'],
  std: ['1,1,1'],
  'auto-orient': ['--no-auto-orient'],
  decode: ['fast'],
  'fail-on': ['none'],
  'max-pixels': ['5'],
  'decode-timeout': ['5'],
  null: ['--null'],
  from: ['list.csv'],
  'path-column': ['--from', 'list.csv', '--path-column', 'x'],
  root: ['--from', 'list.csv', '--root', 'x'],
  'keep-columns': ['--from', 'list.csv', '--keep-columns', 'all'],
  columns: ['sha256,width'],
  'crop-columns': ['--from', 'list.csv', '--crop-columns', 'x,y,w,h'],
  'crop-units': ['--from', 'list.csv', '--crop-columns', 'x,y,w,h', '--crop-units', 'fraction'],
  requests: ['3'],
  'public-hosts-only': ['--public-hosts-only'],
  'fetch-timeout': ['5'],
  's3-endpoint': ['http://localhost:9000'],
  's3-anonymous': ['--s3-anonymous'],
  'image-column': ['photo'],
  extensions: ['png'],
  include: ['*.png'],
  exclude: ['*.png'],
  limit: ['3'],
  sample: ['3'],
  seed: ['--sample', '3', '--seed', '4'],
  'allow-empty': ['--allow-empty'],
  layout: ['--layout', 'per-image', '--output', 'x'],
  format: ['jsonl'],
  'csv-safe': ['--csv-safe'],
  'top-k': ['1'],
  scores: ['logit'],
  labels: [NAMES],
  'label-type': ['--label-type', 'index', '--labels', NAMES],
  normalize: ['--normalize'],
  dtype: ['float16'],
  stages: ['1,2'],
  pool: ['avg'],
  output: ['x'],
  overwrite: ['--overwrite'],
  resume: ['--resume'],
  sync: ['--sync'],
  checkpoint: ['9'],
  'check-space': ['--no-check-space', '--output', 'x'],
  'batch-size': ['3'],
  decoders: ['3'],
  device: ['cpu'],
  'device-id': ['1'],
  threads: ['511'],
  'max-failures': ['3'],
  'fail-fast': ['--fail-fast'],
  'failures-ok': ['--failures-ok'],
  'dry-run': ['--dry-run'],
  progress: ['plain'],
  metrics: ['halonet.prom'],
  quiet: ['--quiet'],
};

/** Arguments given both with and without a flag that has no effect alone. */
const WITHOUT: Readonly<Record<string, readonly string[]>> = {
  'check-space': ['--output', 'x'],
  layout: ['--output', 'x'],
  'label-type': ['--labels', NAMES],
};

// The value of --emit holds flags of its own, which test/commands/emit.test.ts reads.
const single = settings.filter(([name]) => name !== 'emit');

describe('a flag', () => {
  for (const [name, { sets, fingerprint = [] }] of single) {
    const given = GIVEN[name as keyof typeof GIVEN];
    const argv = given[0]?.startsWith('--') ? given : [`--${name}`, ...given];
    const command = taskWith(name);

    it(`--${name} changes ${sets === 'reports' ? 'no part of a job' : `only the ${sets} of a job`}`, async () => {
      const [before, after] = [await partsOf(command, WITHOUT[name] ?? []), await partsOf(command, argv)];
      const differing = Object.keys(after).filter((part) => !isDeepStrictEqual(before[part], after[part]));
      assert.deepEqual(differing, sets === 'reports' ? [] : [sets]);
      if (sets === 'outputs' && fingerprint.length > 0 && !fingerprint.includes('outputs'))
        assert.notDeepEqual(before.outputs?.settings, after.outputs?.settings);
    });
  }
});

function taskWith(flag: string): keyof typeof TASKS {
  const [name] = Object.entries(TASKS).find(([, { flags }]) => flag in flags) ?? [];
  return (name ?? assert.fail(flag)) as keyof typeof TASKS;
}

/** The parts of a job's options that are data; of the layout, the settings that its bytes depend on. */
async function partsOf(command: keyof typeof TASKS, argv: readonly string[]) {
  const { flags, inputs } = await sharedFlagsOf(command, ['photos', ...argv]);
  const files = { output: flags.output, ...(await TASKS[command].part(flags, false)) };
  const { model, images, outputs, compute } = jobOptions({ flags, inputs, outputs: [files] }, SHELL);
  const config = { numClasses: 2 } as ModelFacts;
  const { settings } = await files.layout({ config, shapeOf: () => [2] }, { columns: images.columns });
  const { stdin, ...ofImages } = images;
  const { layout, ...where } = files;
  const { stdout, outputs: _, ...ofOutputs } = outputs;
  return {
    model: { ...model },
    images: ofImages,
    outputs: { ...ofOutputs, where, settings },
    compute: { ...compute },
  } as Readonly<Record<string, { readonly settings?: unknown }>>;
}

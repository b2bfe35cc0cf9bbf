import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Row } from '../../src/rows.js';
import { FACTS, inFolder, resumeRun, startRun } from '../outputs/scratch.js';
import { type RecordedSteps, recordSteps } from '../support/recorded-steps.js';
import { until } from '../support/until.js';
import { FOLDER, MATRIX, type OutputCase, TEXT } from './outputs.js';

/** An output, and the steps that publish its files. */
interface SyncCase extends OutputCase {
  readonly text: string; // names
  readonly arrays: readonly string[];
  readonly named: readonly string[]; // steps without an existing output
  readonly replaced: readonly string[]; // steps that replace a finished output
}

const CASES: readonly SyncCase[] = [
  {
    ...TEXT,
    text: 'classes.csv',
    arrays: [],
    named: ['rename classes.csv.partial/data/classes.csv to classes.csv', 'sync .'],
    replaced: ['rename classes.csv.partial/data/classes.csv to classes.csv', 'sync .'],
  },
  {
    ...MATRIX,
    text: 'embeddings.index.csv',
    arrays: ['embeddings.npy'],
    named: [
      'rename embeddings.npy.partial/data/embeddings.index.csv to embeddings.index.csv',
      'rename embeddings.npy.partial/data/embeddings.npy to embeddings.npy',
      'sync .',
    ],
    replaced: [
      'remove embeddings.npy',
      'sync .',
      'rename embeddings.npy.partial/data/embeddings.index.csv to embeddings.index.csv',
      'rename embeddings.npy.partial/data/embeddings.npy to embeddings.npy',
      'sync .',
    ],
  },
  {
    ...FOLDER,
    text: 'index.csv',
    arrays: ['stage1.npy', 'stage3.npy'],
    named: ['rename pyramid.partial/data to pyramid', 'sync .'],
    replaced: [
      'remove pyramid/index.csv',
      'sync pyramid',
      'rename pyramid.partial/data/stage1.npy to pyramid/stage1.npy',
      'rename pyramid.partial/data/stage3.npy to pyramid/stage3.npy',
      'rename pyramid.partial/data/index.csv to pyramid/index.csv',
      'sync pyramid',
    ],
  },
];

const LATER = 1000; // seconds until a checkpoint
const AT_ONCE = 0.001;

for (const { name, layout, rows, text, arrays, named, replaced } of CASES) {
  describe(`a run to ${name} syncs`, () => {
    const [row] = rows as [Row];
    const partial = `${name}.partial`;
    const each = (step: string, files: readonly string[]) =>
      files.map((file) => `${step} ${partial}/data/${file}`);
    const writtenRow = [`write ${partial}/rows`, ...each('write', [text, ...arrays])];
    const synced = [...each('sync', [text, ...arrays].toSorted()), `sync ${partial}/rows`];
    const vouchedFor = [`write ${partial}/journal.jsonl`, `sync ${partial}/journal.jsonl`];
    const beside = [
      ...[`rename ${partial}/rows to ${name}.run.rows`, 'sync .'],
      ...[`rename ${partial}/run.json to ${name}.run.json`, 'sync .'],
      ...[`rename ${partial} to ${partial}.gone`, `remove ${partial}.gone`],
    ];

    const recording = (test: (output: string, steps: RecordedSteps) => Promise<void>) =>
      inFolder(async (folder) => {
        const steps = recordSteps(folder);
        try {
          await test(join(folder, name), steps);
        } finally {
          steps.stop();
        }
      });

    it(
      'its files, then the journal and the folders, at the start',
      recording(async (output, steps) => {
        const sink = await startRun(output, layout, { checkpointSeconds: LATER });
        assert.deepEqual(steps.take(), [
          ...[`mkdir ${partial}`, `mkdir ${partial}/data`, `sync ${partial}/data`],
          ...[...each('write', [text, ...arrays]), ...synced],
          ...[`write ${partial}/journal.jsonl`, 'sync .', `sync ${partial}`, `sync ${partial}/journal.jsonl`],
        ]);
        await sink.leave();
      }),
    );

    it(
      'its rows before the journal records them, at a checkpoint and when it stops early',
      recording(async (output, steps) => {
        const sink = await startRun(output, layout, { checkpointSeconds: LATER });
        await sink.write(row);
        steps.take();
        await sink.leave();
        assert.deepEqual(steps.take(), [...writtenRow, ...synced, ...vouchedFor]);

        const resumed = await resumeRun(output, layout, { checkpointSeconds: AT_ONCE });
        await resumed.write(row);
        await until('a checkpoint', () => steps.last() === vouchedFor.at(-1));
        assert.deepEqual(steps.take(), [...writtenRow, ...synced, ...vouchedFor]);
        await resumed.leave();
      }),
    );

    it(
      'its rows, then its manifest, then the final names, at the end',
      recording(async (output, steps) => {
        const sink = await startRun(output, layout, { checkpointSeconds: LATER });
        await sink.write(row);
        steps.take();
        await sink.commit(FACTS);
        const whole = [
          ...[...writtenRow, ...each('write', arrays), ...synced, ...vouchedFor],
          ...[`write ${partial}/run.json`, `sync ${partial}`, `sync ${partial}/run.json`, ...vouchedFor],
        ];
        assert.deepEqual(steps.take(), [...whole, ...named, ...beside]);

        const replacing = await startRun(output, layout, { checkpointSeconds: LATER, overwrite: true });
        await replacing.write(row);
        steps.take();
        await replacing.commit(FACTS);
        assert.deepEqual(steps.take(), [
          ...whole,
          `remove ${name}.run.json`,
          'sync .',
          ...replaced,
          ...beside,
        ]);
      }),
    );
  });
}

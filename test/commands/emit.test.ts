import assert from 'node:assert/strict';
import { emittedOutput, parseEmission } from '../../commands/flags/emit-flag.js';
import type { CommonFlags } from '../../commands/flags/flags.js';
import { jobOptions } from '../../commands/flags/job-options.js';
import { wordsOf } from '../../commands/flags/words.js';
import { HalonetError } from '../../src/errors.js';
import { SHELL, sharedFlagsOf } from '../support/parsed-flags.js';

const refusing =
  (message: RegExp, hint = /./) =>
  (error: unknown) =>
    error instanceof HalonetError && message.test(error.message) && hint.test(error.hint ?? '');

describe('wordsOf', () => {
  it('splits as a shell does', () => {
    const cases: Readonly<Record<string, readonly string[]>> = {
      '': [],
      '  ': [],
      ' --normalize   --dtype\tfloat16 ': ['--normalize', '--dtype', 'float16'],
      '--labels "my names.txt" --format=csv': ['--labels', 'my names.txt', '--format=csv'],
      "--labels 'it's": ['--labels', 'its'],
      '--labels my\\ names.txt': ['--labels', 'my names.txt'],
      'a"b c"\'d "e\' ""': ['ab cd "e', ''],
      '"a \\"b\\" \\\\"': ['a "b" \\'],
    };
    for (const [text, words] of Object.entries(cases)) {
      assert.deepEqual(wordsOf(text), words, text);
    }
  });

  it('refuses a quote that is not closed', () => {
    for (const text of ['"a', "a 'b", 'a "b\\"', 'a\\'])
      assert.throws(() => wordsOf(text), refusing(/^expected a closing quote in /, /^$/), text);
  });
});

describe('--emit', () => {
  it('names a command and a path, which may have spaces, and flags of that output', async () => {
    const plain = await parseEmission('embed=out/my photos.npy');
    assert.deepEqual([plain.command, plain.output], ['embed', 'out/my photos.npy']);
    const flagged = await parseEmission('features=maps 2 --stages 3,4 --pool gem -f npy --csv-safe');
    assert.deepEqual([flagged.command, flagged.output], ['features', 'maps 2']);
    assert.deepEqual(
      { ...flagged.flags },
      { stages: [3, 4], pool: 'gem', dtype: 'float32', format: 'npy', layout: 'arrays', 'csv-safe': true },
    );
    const named = await parseEmission('embed="my file.npy" --normalize');
    assert.equal(named.output, 'my file.npy');
    const quoted = await parseEmission("classify=a.csv --labels 'my names.txt' -k 1");
    assert.deepEqual(
      { ...quoted.flags },
      { labels: 'my names.txt', 'top-k': 1, scores: 'prob', 'label-type': 'name' },
    );
    assert.equal((await parseEmission('embed=a-b - c.npy')).output, 'a-b - c.npy');
  });

  it('says what is wrong with a value', async () => {
    const cases: readonly (readonly [string, RegExp, RegExp?])[] = [
      [
        'embed photos.npy',
        /^expected classify, embed or features, = and a path, such as .*; received embed photos/,
      ],
      ['embed=', /^expected .* = and a path/],
      ['embed= --normalize', /^expected .* = and a path/],
      ['convert=x.onnx', /^expected classify, embed or features/],
      ['embed=-', /^expected a path after embed=/, /use halonet embed/],
      ['embed=- --normalize', /^expected a path after embed=/],
      ['embed=a.npy --model demo', /^embed=a\.npy: --model concerns the whole run/, /outside of --emit/],
      ['embed=a.npy -m demo', /--model concerns the whole run/],
      ['embed=a.npy --no-check-space', /--check-space concerns the whole run/],
      ['embed=a.npy -o b.npy', /the path stands after embed=/, /./],
      [
        'embed=a.npy --top-k 3',
        /there is no flag --top-k/,
        /--normalize, --pool, --dtype, --format, --csv-safe/,
      ],
      ['embed=a.npy --normalise', /there is no flag --normalise; did you mean --normalize\?/],
      [
        'embed=a.npy --dtype float64',
        /^embed=a\.npy: --dtype: expected float32 or float16; received float64$/,
      ],
      ['embed=a.npy --dtype', /--dtype needs a value/],
      ['embed=a.npy --normalize more', /^embed=a\.npy: unexpected text after the flags: more/],
      ['embed=a.npy --no-normalize', /there is no flag --no-normalize/],
      ['embed=--normalize', /^expected .* = and a path/],
      ['embed=a.npy,classify=b.csv', /^expected one output; received embed/, /^Write --emit before each/],
      [
        'classify=a.csv --top-k 0',
        /^classify=a\.csv: --top-k: expected a whole number, at least 1; received 0$/,
      ],
      ['embed=a.npy --labels "x', /^embed=a\.npy: expected a closing quote/],
    ];
    for (const [value, message, hint] of cases)
      await assert.rejects(parseEmission(value), refusing(message, hint), value);
  });

  it('asks for what the command of the output asks for with the same flags', async () => {
    const shared = ['photos', '--model', 'demo', '--keep-columns', 'all', '--from', 'list.csv'];
    for (const [command, ...own] of [
      ['classify', '--top-k', '2', '--scores', 'logit'],
      ['embed', '--normalize', '--dtype', 'float16', '--format', 'jsonl'],
      ['features', '--stages', '1,2', '--pool', 'grid:2'],
    ] as const) {
      const output = command === 'features' ? 'maps' : 'rows.jsonl';
      const alone = await sharedFlagsOf(command, [...shared, ...own, '--output', output]);
      const common: CommonFlags = (await sharedFlagsOf(command, shared)).flags;
      const emission = await parseEmission([`${command}=${output}`, ...own].join(' '));
      const emitted = await emittedOutput(emission, common, false);
      const { command: asked, arrangement, requests } = emitted;
      const whole = await emittedOutput({ command, output, flags: alone.flags }, alone.flags, false);
      assert.deepEqual(
        { asked, arrangement, requests },
        { asked: command, arrangement: whole.arrangement, requests: whole.requests },
      );
      const job = { flags: common, inputs: alone.inputs, outputs: [emitted] };
      assert.deepEqual(
        jobOptions(job, SHELL).outputs.outputs.map((one) => one.output),
        [output],
      );
    }
  });
});

import assert from 'node:assert/strict';
import { type JobRequest, jobOptions } from '../../commands/flags/job-options.js';
import { TASKS } from '../../commands/flags/tasks.js';
import { SHELL, sharedFlagsOf } from '../support/parsed-flags.js';

async function optionsOf(argv: readonly string[], retried?: JobRequest['retried']) {
  const { flags, inputs } = await sharedFlagsOf('embed', argv);
  const part = await TASKS.embed.part(flags, retried !== undefined);
  const output = { output: flags.output, ...part };
  const options = jobOptions({ flags, inputs, outputs: [output], retried }, SHELL);
  return { ...options, first: options.outputs.outputs[0] ?? assert.fail() };
}

describe('jobOptions', () => {
  it('uses the defaults when no flag is given', async () => {
    const { model, images, outputs, first, compute, invocation } = await optionsOf(['photos']);
    assert.deepEqual(
      [model.name, model.folder, model.precision],
      ['halonet50ts.a1h_in1k', undefined, undefined],
    );
    assert.equal(model.hub, SHELL.hub);
    assert.deepEqual(images.inputs, ['photos']);
    assert.equal(images.stdin, SHELL.stdin);
    assert.deepEqual([images.counted, images.decodeSeconds, images.failureLimit], [true, 60, undefined]);
    assert.equal(images.preprocessing.decode, 'exact');
    const { output, arrangement, requests } = first;
    const { mode, checkpointSeconds } = outputs;
    assert.deepEqual([output, arrangement.layout, mode, checkpointSeconds], ['-', 'text', 'new', 5]);
    assert.deepEqual(requests, [{ name: 'embedding', normalize: undefined, dtype: 'float32' }]);
    assert.deepEqual([compute.device, compute.batchSize], [{ name: 'auto', id: 0 }, undefined]);
    assert.equal(invocation, SHELL.invocation);
  });

  it('applies the flags, group by group', async () => {
    const { model, images, outputs, first, compute } = await optionsOf([
      ...[
        'a',
        'b',
        '-m',
        'demo',
        '--architecture',
        'halonet26t',
        '--precision',
        'int8',
        '--calibration',
        'few',
      ],
      ...[
        '--image-size',
        '128x96',
        '--mean',
        '0,0,1',
        '--no-auto-orient',
        '--max-pixels',
        '2M',
        '--fail-on',
        'none',
      ],
      ...['--decode-timeout', '7', '--max-failures', '3%', '--allow-empty', '--null', '-o', 'x.npy'],
      ...[
        '--checkpoint',
        '9',
        '--device',
        'cpu',
        '--threads',
        '2',
        '-b',
        '4',
        '--decoders',
        '1',
        '--normalize',
      ],
    ]);
    const { name, architecture, precision, calibration } = model;
    assert.deepEqual([name, architecture, precision, calibration], ['demo', 'halonet26t', 'int8', 'few']);
    const { imageSize, mean, autoOrient, maxPixels, failOn } = images.preprocessing;
    assert.deepEqual(imageSize, { height: 128, width: 96 });
    assert.deepEqual([mean, autoOrient, maxPixels, failOn], [[0, 0, 1], false, 2e6, 'none']);
    const { decodeSeconds, failureLimit, allowEmpty, nul } = images;
    assert.deepEqual([decodeSeconds, failureLimit, allowEmpty, nul], [7, { percent: 3 }, true, true]);
    assert.deepEqual([first.arrangement.layout, outputs.checkpointSeconds], ['matrix', 9]);
    assert.equal(first.requests[0]?.normalize, true);
    const { device, threads, batchSize, decoders, machine } = compute;
    assert.deepEqual([device, threads, batchSize, decoders], [{ name: 'cpu', id: 0 }, 2, 4, 1]);
    assert.equal(machine, SHELL.machine);
  });

  it('checks disk space for files, unless --no-check-space is given', async () => {
    const checks = async (...argv: readonly string[]) =>
      (await optionsOf(['a', ...argv])).outputs.checksSpace;
    assert.equal(await checks('-o', 'x.csv'), true);
    assert.equal(await checks('-o', 'x.csv', '--no-check-space'), false);
    assert.equal(await checks(), false);
  });

  it('sets the mode for an earlier run, and a failure limit of 0 for --fail-fast', async () => {
    const mode = async (...argv: readonly string[]) => (await optionsOf(['a', ...argv])).outputs.mode;
    assert.equal(await mode('--overwrite'), 'overwrite');
    assert.equal(await mode('--resume'), 'resume');
    assert.equal(await mode('--sync'), 'sync');
    assert.equal(await mode('--resume', '--sync'), 'sync');
    assert.deepEqual((await optionsOf(['a', '--fail-fast'])).images.failureLimit, { count: 0 });
  });

  it('gives a retry the command and the folder of its run', async () => {
    const retried = { command: ['embed', 'a', '-o', 'x.csv'], folder: '/there' };
    const { model, images, outputs, first, invocation } = await optionsOf(
      ['a', '-o', 'x.csv', '--format', 'npy'],
      retried,
    );
    assert.deepEqual([model.folder, images.folder], ['/there', '/there']);
    assert.deepEqual([outputs.mode, first.arrangement.layout], ['retry', 'matrix']);
    assert.deepEqual(invocation, { ...SHELL.invocation, ...retried });
    const here = await optionsOf(['a', '-o', 'x.csv'], { ...retried, folder: '/here' });
    assert.deepEqual([here.model.folder, here.images.folder], [undefined, undefined]);
  });
});

import assert from 'node:assert/strict';
import { type Cli, timeToEnd, timeToOutput } from '../../src/benchmark/start-times.js';

const script = (text: string): Cli => ({ command: process.execPath, args: ['-e', text, '--'] });

describe('timing a start', () => {
  it('measures to the first output, or to the exit', async () => {
    const cli = script(`console.log('row'); setTimeout(() => {}, 300)`);
    const output = await timeToOutput(cli, ['photo.jpg']).sample();
    const end = await timeToEnd(cli, ['--help']).sample();
    assert.ok(output > 0 && end >= 0.3, `${output} ${end}`);
  });

  it('rejects when the process fails or cannot be started', async () => {
    const failing = script(`console.log('row'); console.error('no such model'); process.exit(2)`);
    await assert.rejects(
      timeToEnd(failing, ['--help']).sample(),
      /--help ended with exit code 2: no such model/,
    );
    const missing = { command: '/nowhere/node', args: [] };
    await assert.rejects(timeToEnd(missing, ['--help']).sample(), /--help ended with .*ENOENT/);
  });

  it('stops waiting when the signal aborts, whatever the exit code', async () => {
    const controller = new AbortController();
    const cli = script(`process.on('SIGTERM', () => process.exit(143)); setInterval(() => {}, 1000)`);
    const timing = timeToEnd(cli, ['--help'], controller.signal).sample();
    setTimeout(() => controller.abort(new Error('enough')), 200);
    await assert.rejects(timing, /^Error: enough$/);
  });
});

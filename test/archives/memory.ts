import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { watchMemory } from '../fuzz/memory.js';
import { startHalonet } from '../support/cli.js';
import { ROOT } from '../support/root.js';

const MEMBERS = 200_000; // more than a directory without zip64 can count
const MOST_MORE = 100 * 2 ** 20; // bytes

/**
 * Compares the peak memory of a dry run over a zip of many members with that over a folder of as many files.
 * @returns the number of failures, which it prints
 */
export async function compareMemory(folder: string): Promise<number> {
  await promisify(execFile)('python3', [join(ROOT, 'test/archives/many.py'), folder, String(MEMBERS)]);
  const peaks: number[] = [];
  for (const input of ['many', 'many.zip']) {
    const { stdout, peak } = await dryRun(join(folder, input));
    peaks.push(peak);
    console.log(`dry run over ${input}, ${MEMBERS} images: ${(peak / 2 ** 20).toFixed(0)} MiB`);
    if (/^images +200,000 found$/m.test(stdout)) continue;
    console.log(`it did not find them all:\n${stdout}`);
    return 1;
  }
  const [inFolder = 0, inZip = Number.POSITIVE_INFINITY] = peaks;
  if (inZip <= inFolder + MOST_MORE) return 0;
  console.log(`the zip needs ${((inZip - inFolder) / 2 ** 20).toFixed(0)} MiB more than the folder`);
  return 1;
}

async function dryRun(input: string) {
  const args = ['classify', input, '--model', 'demo', '--device', 'cpu', '--output', 'rows.csv', '--dry-run'];
  const child = startHalonet(args);
  const memory = watchMemory(child.pid ?? 0);
  child.stdin.end();
  child.stderr.resume();
  const closed = once(child, 'close');
  const stdout = await text(child.stdout);
  await closed;
  return { stdout, peak: memory.stop() };
}

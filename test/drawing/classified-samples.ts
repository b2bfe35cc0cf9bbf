import { halonet } from '../support/cli.js';
import type { Classified } from './contact-sheet.js';

/** The sample images as the demo model classifies them, in order. @throws Error if that fails */
export async function classifiedSamples(): Promise<readonly Classified[]> {
  const args = ['classify', '--model', 'demo', '--device', 'cpu', '--format', 'jsonl', 'fixtures/images'];
  const { code, stdout, stderr } = await halonet(args, { ownProcess: true });
  if (code !== 0) throw new Error(stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Classified);
}

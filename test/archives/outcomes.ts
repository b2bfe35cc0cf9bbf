import { halonet } from '../support/cli.js';

/** What became of an image. */
export interface Outcome {
  readonly path: string; // within its input
  readonly result: string; // its predictions, or the code of its failure
}

interface Row {
  readonly path: string;
  readonly error?: { readonly code: string };
  readonly predictions?: unknown;
}

/** Classifies the images of inputs in one run; returns what became of those of each. */
export async function outcomesOf(
  inputs: readonly string[],
): Promise<ReadonlyMap<string, readonly Outcome[]>> {
  const args = ['classify', ...inputs, '--model', 'demo', '--device', 'cpu', '--format', 'jsonl', '--quiet'];
  const { code, stdout, stderr } = await halonet(args, { ownProcess: true });
  if (code !== 1) throw new Error(`halonet classify ended with ${code}, not 1 for failed images: ${stderr}`);
  const outcomes = new Map<string, Outcome[]>(inputs.map((input) => [input, []]));
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const { path, error, predictions } = JSON.parse(line) as Row;
    const input = inputs.find((one) => path.startsWith(`${one}/`));
    if (input === undefined) throw new Error(`${path} is in no input: ${line}`);
    const result = error?.code ?? JSON.stringify(predictions);
    outcomes.get(input)?.push({ path: path.slice(input.length + 1), result });
  }
  return outcomes;
}

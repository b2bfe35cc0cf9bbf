import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobCase } from '../support/job-cases.js';
import type { OutputFiles } from '../support/output-files.js';

/** How far a run had come when it was killed, judging by what it left on disk. */
export const PHASES = ['nothing yet', 'started', 'rows checkpointed', 'publishing', 'clearing away'] as const;

export type Phase = (typeof PHASES)[number];

/**
 * @param earlier the existing output before, if any
 */
export async function phaseOf(
  folder: string,
  { outputs: [output = ''] }: JobCase,
  { finals, others }: OutputFiles,
  earlier: OutputFiles | undefined,
): Promise<Phase> {
  const published = [...finals.keys()].filter(
    (name) => !finals.get(name)?.equals(earlier?.finals.get(name) ?? Buffer.of()),
  );
  if (published.includes(`${output}.run.json`)) return 'clearing away';
  if (published.length > 0 || others.includes(`${output}.partial/run.json`)) return 'publishing';
  const journal = await readFile(join(folder, `${output}.partial`, 'journal.jsonl'), 'utf8').catch(() => '');
  if (/"checkpoint":\{"rows":[1-9]/.test(journal)) return 'rows checkpointed';
  return others.length > 0 ? 'started' : 'nothing yet';
}

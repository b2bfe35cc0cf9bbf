import { basename } from 'node:path';
import { CHECKSUMS, CLASSES, INDEX } from '../../src/outputs/arrangement.js';
import { commandOf } from '../../src/runs/fingerprint.js';
import type { FoundRun, Manifest } from '../../src/runs/manifest.js';
import { finalPath, shownPath } from '../../src/runs/run-place.js';

/** A file that a run wrote, as a line of its summary. */
export interface WrittenFile {
  readonly path: string;
  readonly purpose: string;
}

const RESULTS: Readonly<Record<string, string>> = {
  classify: 'classes',
  embed: 'embeddings',
  features: 'features',
};

/** The layouts of one file. */
const SINGLE: readonly Manifest['layout'][] = ['text', 'packed'];

/**
 * Returns every file of a finished run and its purpose, results first. The paths are spelled as the user spelled the output,
 * unless that is a link to elsewhere.
 */
export function writtenFiles(run: FoundRun): readonly WrittenFile[] {
  const { place, manifest } = run;
  const shown = (path: string) => shownPath(place, path);
  const names = manifest.outputs.map(({ name }) => name);
  return [
    ...(manifest.layout === 'tree'
      ? [{ path: shown(place.path), purpose: 'features of each image, one file per stage' }]
      : []),
    ...[
      ...names.filter((name) => !isBeside(name, manifest)),
      ...names.filter((name) => isBeside(name, manifest)),
    ].map((name) => ({ path: shown(finalPath(place, name)), purpose: purposeOf(name, run) })),
    { path: shown(place.manifest), purpose: 'manifest: settings, versions, checksums' },
    { path: shown(place.ledger), purpose: 'ledger: the image of each row' },
  ];
}

/** Returns the command that writes such an output, whatever the command of its run was. */
function commandOfRun({ place, manifest }: FoundRun): string {
  const { set, fingerprint, command } = manifest;
  const own = set?.find(({ path }) => path === basename(place.path))?.command;
  return own ?? commandOf(fingerprint) ?? command[0] ?? '';
}

/** Whether a file describes the results rather than holding them. */
const isBeside = (name: string, { layout }: Manifest) =>
  !SINGLE.includes(layout) && [INDEX, CLASSES, CHECKSUMS].some((end) => name.endsWith(end));

function purposeOf(name: string, run: FoundRun): string {
  const { layout } = run.manifest;
  const results = RESULTS[commandOfRun(run)] ?? 'results';
  if (SINGLE.includes(layout)) return `${results} of each image`;
  if (layout === 'tree')
    return name === INDEX ? 'path, error and files of each row' : 'SHA-256 of each array';
  if (name.endsWith(CLASSES)) return 'name of each column';
  if (name.endsWith(INDEX)) return 'path and error of each row';
  const [, stage] = /^stage(\d+)\./.exec(name) ?? [];
  const of = layout === 'folder' && stage !== undefined ? ` of stage ${stage}` : '';
  return `${layout === 'scores' ? 'scores of all classes' : results}${of}, one row per image`;
}

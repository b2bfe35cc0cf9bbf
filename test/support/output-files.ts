import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Manifest } from '../../src/runs/manifest.js';

/** The contents of a folder of outputs, by relative path with forward slashes. */
export interface OutputFiles {
  readonly finals: ReadonlyMap<string, Buffer>; // files under final names; manifests as returned by `comparable`
  readonly others: readonly string[]; // files of an unfinished run, or left behind by one
}

const NOT_FINAL = /\.(partial|lock)(?=[./]|$)/;

/** Reads the files of all outputs in a folder. Names with `.partial` or `.lock` are not final, nor are hidden ones. */
export async function readOutputFiles(folder: string): Promise<OutputFiles> {
  const finals = new Map<string, Buffer>();
  const others: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join('/');
    const isHidden = name.split('/').some((part) => part.startsWith('.'));
    if (isHidden || NOT_FINAL.test(name)) others.push(name);
    else if (!entry.isDirectory()) finals.set(name, await readFinal(path, folder));
  }
  return { finals, others };
}

async function readFinal(path: string, folder: string): Promise<Buffer> {
  const bytes = await readFile(path);
  return path.endsWith('.run.json') ? Buffer.from(comparable(bytes.toString(), folder)) : bytes;
}

// Facts that may differ between two runs: one may use --resume, another folder or rows of an earlier run.
const OF_THE_RUN = new Set([
  ...['command', 'folder', 'started', 'finished', 'seconds', 'stored'],
  ...['bytesRead', 'requests', 'retries', 'bytesReceived'],
]);

/** Returns a manifest without what differs between runs. @throws {SyntaxError} if it is not JSON */
function comparable(manifest: string, folder: string): string {
  const kept: unknown = JSON.parse(manifest, (key, value: unknown) =>
    OF_THE_RUN.has(key) ? undefined : value,
  );
  return JSON.stringify(kept, undefined, 1).replaceAll(folder, '');
}

/** Returns the files that belong to one of several outputs. @param output its path, relative to the folder */
export function filesOfOutput({ finals, others }: OutputFiles, output: string): OutputFiles {
  const stem = output.replace(/\.[^./]*$/, '');
  const isOwn = (name: string) =>
    name === output ||
    [`${output}/`, `${output}.`, `${stem}.index.`, `${stem}.classes.`].some((start) =>
      name.startsWith(start),
    );
  return { finals: new Map([...finals].filter(([name]) => isOwn(name))), others: others.filter(isOwn) };
}

/**
 * Describes what is wrong with the files under final names: files that the reference lacks, and files that differ from
 * it. Before the end, files may be missing, but a folder must be complete or not exist at all.
 */
export function wrongFinals({ finals }: OutputFiles, reference: OutputFiles): string[] {
  const wrong = [...finals].flatMap(([name, bytes]) => {
    const expected = reference.finals.get(name);
    if (expected === undefined) return [`${name} is of no uninterrupted run`];
    return bytes.equals(expected) ? [] : [`${name} ${difference(bytes, expected)}`];
  });
  return [...wrong, ...missingFrom(finals, reference).map((name) => `${name} is missing from its folder`)];
}

function missingFrom(finals: OutputFiles['finals'], reference: OutputFiles): string[] {
  const folderOf = (name: string) => name.split('/').slice(0, -1).join('/');
  const isOutput = (folder: string) => reference.finals.has(`${folder}.run.json`);
  const folders = new Set([...finals.keys()].map(folderOf).filter(isOutput));
  return [...reference.finals.keys()].filter((name) => folders.has(folderOf(name)) && !finals.has(name));
}

/**
 * Describes what is wrong with the files under final names while a run replaces an earlier one: files of neither run,
 * and a mix of both runs while a manifest vouches for it, or while the file that comes last exists.
 */
export function wrongBetween(
  output: string,
  { finals }: OutputFiles,
  runs: readonly OutputFiles[],
): string[] {
  const isOf = (run: OutputFiles, name: string) =>
    finals.get(name)?.equals(run.finals.get(name) ?? NOTHING) ?? false;
  const names = [...finals.keys()];
  const wrong = names
    .filter((name) => !runs.some((run) => isOf(run, name)))
    .map((name) => `${name} is of no uninterrupted run`);
  const ofOne = (isMeant: (name: string) => boolean) =>
    runs.some((run) =>
      [...new Set([...names, ...run.finals.keys()])].filter(isMeant).every((name) => isOf(run, name)),
    );
  if (finals.has(`${output}.run.json`) && !ofOne(() => true))
    wrong.push(`the manifest vouches for files of two runs: ${names.join(', ')}`);
  const isData = (name: string) => !name.startsWith(`${output}.run.`);
  const last = runs.map((run) => lastOf(output, run)).find((name) => finals.has(name));
  if (last !== undefined && !ofOne(isData))
    wrong.push(`${last} is there with files of two runs: ${names.join(', ')}`);
  return wrong;
}

const NOTHING = Buffer.of();

/** Returns the file of an output that gets its final name last. */
function lastOf(output: string, { finals }: OutputFiles): string {
  const { outputs } = JSON.parse(String(finals.get(`${output}.run.json`))) as Manifest;
  const last = outputs.at(-1)?.name ?? '';
  return finals.has(last) ? last : `${output}/${last}`;
}

/** Describes what differs from the reference at the end of a run, leftovers included. */
export function wrongAtTheEnd(files: OutputFiles, reference: OutputFiles): string[] {
  const missing = [...reference.finals.keys()].filter((name) => !files.finals.has(name));
  const left = files.others.filter((name) => !reference.others.includes(name));
  return [
    ...wrongFinals(files, reference),
    ...missing.map((name) => `${name} is missing`),
    ...left.map((name) => `${name} was left behind`),
  ];
}

function difference(bytes: Buffer, expected: Buffer): string {
  const at = bytes.findIndex((byte, i) => byte !== expected[i]);
  const first = at === -1 ? Math.min(bytes.byteLength, expected.byteLength) : at;
  const show = (all: Buffer) => JSON.stringify(all.subarray(first, first + 40).toString('latin1'));
  return (
    `has ${bytes.byteLength} bytes, expected ${expected.byteLength}; they differ from byte ${first} on: ` +
    `${show(bytes)}, expected ${show(expected)}`
  );
}

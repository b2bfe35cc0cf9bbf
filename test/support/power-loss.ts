import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { cp, open, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { between, type Random } from '../../src/random.js';
import type { Step, Unsynced, UnsyncedFile } from './unsynced.js';

const REBOOT_SECONDS = 60;

/** Random numbers that decide what is lost of what was not forced to disk: from 0, which keeps nothing, to below 1. */
export interface Loss {
  readonly bytes: Random;
  readonly names: Random;
}

/**
 * Turns a folder into what might be found if the power had failed when the process ended: of what was not forced to
 * disk, some is there, some is missing, and some is zeros.
 *
 * @param attic where the process kept removed files
 */
export async function losePower(
  folder: string,
  attic: string,
  unsynced: Unsynced,
  { bytes, names }: Loss,
): Promise<void> {
  const before = Date.now() / 1000 - REBOOT_SECONDS;
  const paths = new Map([...pathsByInode(attic), ...pathsByInode(folder)]);
  for (const file of unsynced.files) {
    const path = paths.get(file.inode);
    if (path !== undefined) await loseBytes(path, file, bytes);
  }
  for (const path of paths.values()) await utimes(path, before, before);
  const { steps } = unsynced;
  const kept = Math.floor(between(names, 0, steps.length + 1));
  for (const step of steps.slice(kept).reverse()) await forget(step);
}

async function loseBytes(path: string, { size, replaced }: UnsyncedFile, random: Random): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    const now = (await handle.stat()).size;
    if (now > size) {
      const end = size + Math.floor(between(random, 0, now - size + 1));
      const written = size + Math.floor(between(random, 0, end - size + 1)); // zeros from there on: space was allocated
      await handle.truncate(random() < 0.5 ? end : written);
      await handle.truncate(end);
    }
    for (const { at, bytes } of replaced.toReversed()) {
      if (random() < 0.5) await handle.write(Buffer.from(bytes, 'base64'), 0, undefined, at);
    }
  } finally {
    await handle.close();
  }
}

/** Undoes a change to a folder, if it happened before the process ended. */
async function forget(step: Step): Promise<void> {
  if (step.kind === 'create') {
    await rm(step.path, { recursive: true, force: true });
  } else if (step.kind === 'remove') {
    if (!existsSync(step.path)) await cp(step.kept, step.path, { recursive: true, preserveTimestamps: true });
  } else if (!existsSync(step.path) && lstatSync(step.to, { throwIfNoEntry: false })?.ino === step.inode) {
    await rename(step.to, step.path);
    if (step.kept !== undefined) await cp(step.kept, step.to, { recursive: true, preserveTimestamps: true });
  }
}

function* pathsByInode(folder: string): Generator<[number, string]> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) yield [lstatSync(path).ino, path];
  }
}

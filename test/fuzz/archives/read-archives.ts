// Walks and reads archives that it gets as lines on standard input, and prints what became of each as a line of JSON.
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { InputError } from '../../../src/errors.js';
import type { Item } from '../../../src/item.js';
import { ImageRefusal } from '../../../src/refusal.js';
import { itemsOf, refuseMistaken } from '../../../src/sources/registry.js';

/** What became of an archive. */
export interface ArchiveOutcome {
  readonly path: string;
  readonly items: readonly ItemOutcome[];
  readonly thrown?: string | undefined; // an error that should have been a row
}

export interface ItemOutcome {
  readonly id: string;
  readonly code?: string | undefined; // of its failure
  readonly message?: string | undefined;
  readonly sha256?: string | undefined; // of its bytes
}

const LIMIT = 2 ** 24; // bytes of an image
const EXTENSIONS = new Set(['.png']);

async function outcomeOf(item: Item): Promise<ItemOutcome> {
  const { id } = item;
  await item.identify();
  if (item.status === 'failed') return { id, ...item.failure };
  try {
    const bytes = await (await item.open()).read(LIMIT);
    return { id, sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (error) {
    if (!(error instanceof ImageRefusal)) throw error;
    return { id, ...error.failure };
  }
}

async function read(path: string): Promise<ArchiveOutcome> {
  const items: ItemOutcome[] = [];
  try {
    await refuseMistaken([path]).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
    });
    const options = { extensions: EXTENSIONS, isImageHead: (head: Uint8Array) => head.byteLength > 9 };
    for await (const item of itemsOf([path], options)) items.push(await outcomeOf(item));
    return { path, items };
  } catch (error) {
    return { path, items, thrown: error instanceof Error ? error.stack : String(error) };
  }
}

for await (const path of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await read(path))}\n`);

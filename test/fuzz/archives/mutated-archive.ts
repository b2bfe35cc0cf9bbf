import { mulberry32, type Random } from '../../../src/random.js';
import { pick } from '../chance.js';
import { ANY } from '../mutations/any.js';
import type { Seed } from '../seeds.js';
import { OWN } from './mutations.js';
import type { ArchiveKind, ArchiveSeed } from './seeds.js';

const EXTENSIONS: Readonly<Record<ArchiveKind, string>> = {
  tar: '.tar',
  gzip: '.tar.gz',
  zstd: '.tar.zst',
  zip: '.zip',
  parquet: '.parquet',
};

const KINDS = Object.keys(EXTENSIONS) as readonly ArchiveKind[];
const OWN_SHARE = 0.5; // of the kind's own mutations
const AGAIN = 0.25; // the share of archives that are mutated again

export interface NamedArchive {
  readonly name: string; // number, kind, seed and mutations: 000123-zip-stored-central+cut.zip
  readonly kind: ArchiveKind;
  readonly bytes: Buffer;
  readonly keepsChecksums: boolean; // whether checksums still tell what the members held before
}

export const intactArchive = ({ kind, name, bytes }: ArchiveSeed): NamedArchive => ({
  ...{ kind, bytes, name: `intact-${kind}-${name}${EXTENSIONS[kind]}`, keepsChecksums: true },
});

/** The `number`th archive of a run. Kinds take turns; the rest depends only on the run's seed and the number. */
export function mutatedArchive(runSeed: number, number: number, seeds: readonly ArchiveSeed[]): NamedArchive {
  const random = mulberry32(Math.imul(runSeed, 0x9e3779b1) ^ Math.imul(number + 1, 0xc2b2ae35));
  const kind = KINDS[number % KINDS.length] ?? 'tar';
  const own = seeds.filter((seed) => seed.kind === kind);
  const seed = pick(random, own);
  let bytes: Buffer = Buffer.from(seed.bytes);
  let keepsChecksums = true;
  const names: string[] = [];
  do {
    const { name, mutated, keeps } = mutateOnce(kind, bytes, random, own);
    names.push(name);
    bytes = Buffer.from(mutated);
    keepsChecksums &&= keeps;
  } while (bytes.length > 1 && names.length < 3 && random() < AGAIN);
  const digits = String(number).padStart(6, '0');
  return {
    name: `${digits}-${kind}-${seed.name}-${names.join('+')}${EXTENSIONS[kind]}`,
    kind,
    bytes,
    keepsChecksums,
  };
}

function mutateOnce(kind: ArchiveKind, bytes: Buffer, random: Random, own: readonly ArchiveSeed[]) {
  for (;;) {
    if (random() < OWN_SHARE) {
      const mutation = pick(random, OWN[kind]);
      const mutated = mutation.apply(Buffer.from(bytes), random);
      if (mutated !== undefined) return { name: mutation.name, mutated, keeps: mutation.keepsChecksums };
    } else {
      const mutation = pick(random, ANY);
      const mutated = mutation.apply(Buffer.from(bytes), random, own as unknown as readonly Seed[]);
      if (mutated !== undefined) return { name: mutation.name, mutated, keeps: true };
    }
  }
}

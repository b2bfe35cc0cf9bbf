import { HARD_LINK, LINKS, NOT_UTF8, SPARSE } from './tree.js';

/** A program that makes archives, in one of its ways. */
export interface Archiver {
  readonly name: string; // GNU tar posix
  readonly extension: 'tar' | 'tar.gz' | 'tar.zst' | 'zip';
  readonly pack: string; // a command of bash in the tree, with the variables that check.ts sets
  readonly unpack: string; // the same in an empty folder
  readonly failed: readonly string[]; // images that it packs as links or sparse members, which halonet does not read
  readonly renamed?: Readonly<Record<string, string>>; // images with other names in the archive than in the folder
  readonly hasTwice: boolean; // whether it has two members of one name
}

const LINKED = [...LINKS, HARD_LINK];
const SPARSE_TOO = [...LINKED, SPARSE];

// Zips do not say in which encoding of Unix a name is. Read as code page 437, it leads to its image.
const RENAMED = { [NOT_UTF8.toString()]: 'cafΘ.png' };

const gnu = (
  how: string,
  options: string,
  failed = LINKED,
  extension: Archiver['extension'] = 'tar',
): Archiver => ({
  name: `GNU tar ${how}`,
  extension,
  pack: `tar --no-recursion ${options} -cf "$ARCHIVE" -C "$OTHER" "$TWICE" -C "$TREE" --null -T "$LIST"`,
  unpack: 'tar -xf "$ARCHIVE"',
  failed,
  hasTwice: true,
});

const bsd = (format: string, failed = LINKED): Archiver => ({
  name: `bsdtar ${format}`,
  extension: 'tar',
  pack: `bsdtar --format ${format} -cf "$ARCHIVE" -C "$OTHER" "$TWICE"
    bsdtar --format ${format} -nrf "$ARCHIVE" --null -T "$LIST"`,
  unpack: 'bsdtar -xf "$ARCHIVE"',
  failed,
  hasTwice: true,
});

/** bsdtar cannot add to a compressed archive. */
const bsdCompressed = (how: string, extension: Archiver['extension']): Archiver => ({
  name: `bsdtar ${how}`,
  extension,
  pack: `bsdtar --format pax --${how} -ncf "$ARCHIVE" --null -T "$LIST"`,
  unpack: 'bsdtar -xf "$ARCHIVE"',
  failed: SPARSE_TOO,
  hasTwice: false,
});

const python = (how: string, extension: Archiver['extension']): Archiver => ({
  name: `Python ${how}`,
  extension,
  pack: `python3 "$HERE/pack.py" ${how} "$ARCHIVE" "$TREE" "$LIST" "$OTHER" "$TWICE"`,
  unpack: 'python3 "$HERE/unpack.py" "$ARCHIVE" .',
  failed: extension === 'zip' ? [] : LINKED, // zipfile follows links
  hasTwice: true,
});

const infoZip = (how: string, pack: string, failed: readonly string[] = []): Archiver => ({
  name: `Info-ZIP ${how}`,
  extension: 'zip',
  pack,
  unpack: 'unzip -q -^ "$ARCHIVE"', // control characters stay in names
  failed,
  renamed: RENAMED,
  hasTwice: false,
});

const sevenZip = (how: string, extension: Archiver['extension'], options: string): Archiver => ({
  name: `7-Zip ${how}`,
  extension,
  pack: `"$SEVENZIP" a -bd ${options} "$ARCHIVE" .`,
  unpack: '"$SEVENZIP" x -bd "$ARCHIVE"',
  failed: [],
  ...(extension === 'zip' && { renamed: RENAMED }),
  hasTwice: false,
});

/** All programs, but for WebDataset. */
export const ARCHIVERS: readonly Archiver[] = [
  ...['v7', 'ustar', 'gnu', 'oldgnu', 'posix'].map((format) => gnu(format, `--format=${format}`)),
  gnu('gnu --sparse', '--format=gnu --sparse', SPARSE_TOO),
  ...['0.0', '0.1', '1.0'].map((version) =>
    gnu(
      `posix --sparse ${version}`,
      `--format=posix --sparse --sparse-version=${version} --hole-detection=raw`,
      SPARSE_TOO,
    ),
  ),
  gnu('gzip', '--format=gnu --gzip', LINKED, 'tar.gz'),
  gnu('pigz in small blocks', "--format=posix --use-compress-program='pigz -b 32 -i'", LINKED, 'tar.gz'),
  gnu('zstd', '--format=posix --zstd', LINKED, 'tar.zst'),
  gnu('zstd -19', "--format=gnu --use-compress-program='zstd -19 -T2 --long=27'", LINKED, 'tar.zst'),
  bsdCompressed('gzip', 'tar.gz'),
  bsdCompressed('zstd', 'tar.zst'),
  bsd('pax', SPARSE_TOO),
  bsd('ustar'),
  bsd('gnutar'),
  ...['ustar', 'gnu', 'pax'].map((format) => python(format, 'tar')),
  python('pax.gz', 'tar.gz'),
  ...['stored', 'deflated', 'zip64', 'streamed', 'cp437'].map((how) => python(how, 'zip')),
  infoZip('with links', 'zip -qry "$ARCHIVE" .', LINKS),
  infoZip('through a pipe', 'zip -qr - . | cat > "$ARCHIVE"'),
  infoZip('names from a pipe', 'find . | zip -q "$ARCHIVE" -@'),
  sevenZip('zip', 'zip', '-tzip'),
  sevenZip('zip UTF-8', 'zip', '-tzip -mcu=on'),
  sevenZip('tar', 'tar', '-ttar'),
];

/** WebDataset's writer, whose shards differ from the tree. */
export const WEBDATASET: readonly Archiver[] = (['tar', 'tar.gz'] as const).map((extension) => ({
  name: `WebDataset ${extension}`,
  extension,
  pack: '"$WEBDATASET" "$HERE/shards.py" "$ARCHIVE" "$TREE"',
  unpack: 'tar -xf "$ARCHIVE"',
  failed: [],
  hasTwice: false,
}));

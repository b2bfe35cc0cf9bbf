import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { InputError } from '../../src/errors.js';
import { refuseMistaken } from '../../src/sources/registry.js';
import { tarOf, zipOf } from '../support/archives.js';

describe('refuseMistaken', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-named-'));
    await mkdir(join(folder, 'photos'));
    await writeFile(join(folder, 'photos', 'cat.jpg'), 'no image, and a row all the same');
    await writeFile(join(folder, 'empty.jpg'), '');
    await symlink('/no/such/folder', join(folder, 'link'));
    await symlink('loop', join(folder, 'loop'));
  });
  after(() => rm(folder, { recursive: true }));

  /** Returns the message and the hint; '' if nothing is refused. */
  async function refusal(...inputs: readonly string[]): Promise<string> {
    try {
      await refuseMistaken(inputs);
      return '';
    } catch (error) {
      assert.ok(error instanceof InputError, String(error));
      return `${error.message} ${error.hint ?? ''}`.trim();
    }
  }
  const at = (name: string) => join(folder, name);

  it('accepts existing inputs, images or not', async () => {
    assert.equal(await refusal(at('photos'), at('photos/cat.jpg'), at('empty.jpg'), at('loop'), folder), '');
  });

  it('refuses missing inputs, and suggests similar names', async () => {
    assert.equal(
      await refusal(at('photos'), at('photso')),
      `no file or folder "${at('photso')}" Did you mean ${at('photos')}?`,
    );
    assert.match(await refusal(at('photos/cta.jpg')), /Did you mean .*photos\/cat\.jpg\?$/);
    assert.match(await refusal(at('photos/cat.jpg/x')), /no file or folder/);
    assert.match(await refusal(at('nowhere/x.jpg')), /There is no folder ".*nowhere" either\.$/);
    assert.match(await refusal(at('photos/*.png')), /pattern/);
    assert.match(await refusal(''), /no file or folder ""/);
    assert.match(await refusal('x'.repeat(5000)), /no file or folder/);
    assert.equal(
      await refusal(at('link')),
      `${at('link')} is a symbolic link to /no/such/folder, which does not exist`,
    );
  });

  it('refuses addresses that halonet does not read', async () => {
    for (const url of ['ftp://example.org/a.jpg', 'file:///home/a.jpg'])
      assert.match(
        await refusal(url),
        /is an address of (ftp|file), which halonet does not read Use an http/,
      );
  });

  it('refuses URLs in a command that asks no servers', async () => {
    assert.match(
      await refusal('https://example.org/a.jpg'),
      /is on a server, which this command does not ask/,
    );
  });

  it('refuses archives in forms that are not read, and tar and zip under other names, by their content', async () => {
    const archives: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
      'photos.dat': [
        Buffer.from('PK\x03\x04 and so on'),
        /ZIP archive; expected .* Rename it to end in \.zip/,
      ],
      'empty.dat': [Buffer.from('PK\x05\x06'), /ZIP archive.*Rename/],
      'tar.dat': [tarOf({ name: 'a.jpg' }), /a tar archive.*Rename it to end in \.tar/],
      'a.gz': [
        gzipSync(tarOf({ name: 'a.jpg' })),
        /a gzip archive.*Rename it to end in \.tar\.gz if .*gunzip.* name the \.tar file/,
      ],
      'a.tgz': [gzipSync('x'), /is not a tar archive compressed with gzip/],
      'a.zst': [Buffer.from('28b52ffd00', 'hex'), /Zstandard.*\.tar\.zst.*unzstd/],
      'a.7z': [Buffer.from('377abcaf271c0004', 'hex'), /7z/],
      'a.xz': [Buffer.from('fd377a585a0000', 'hex'), /xz/],
      'a.bz2': [Buffer.from('BZh9'), /bzip2.* Decompress it first/],
      'a.rar': [Buffer.from('Rar!\x1a\x07\x01\0'), /RAR/],
      'a.parquet': [Buffer.from('PAR1'), /Parquet/],
    };
    for (const [name, [bytes, expected]] of Object.entries(archives)) {
      await writeFile(at(name), bytes);
      assert.match(await refusal(at(name)), expected, name);
    }
    await writeFile(at('a.tar'), tarOf({ name: 'a.jpg' }));
    await writeFile(at('a.tar.gz'), gzipSync(tarOf({ name: 'a.jpg' })));
    await writeFile(at('a.zip'), zipOf([{ name: 'a.jpg' }]));
    assert.equal(await refusal(at('a.tar'), at('a.tar.gz'), at('a.zip')), '');
    await writeFile(at('drawing.svgz'), gzipSync('<svg xmlns="http://www.w3.org/2000/svg"/>'));
    assert.equal(await refusal(at('drawing.svgz')), '');
  });
});

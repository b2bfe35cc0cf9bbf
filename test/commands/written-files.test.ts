import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { halonet, ROOT } from '../support/cli.js';

const IMAGE = join(ROOT, 'fixtures/images/shapes/heart.png');
const RUN = ['manifest: settings, versions, checksums', 'ledger: the image of each row'];

/** What each command writes, by the name of its output. */
const OUTPUTS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['classify -o x.csv', { 'x.csv': 'classes of each image' }],
  ['classify -o index.csv', { 'index.csv': 'classes of each image' }],
  [
    'classify -o x.npy',
    {
      'x.npy': 'scores of all classes, one row per image',
      'x.index.csv': 'path and error of each row',
      'x.classes.csv': 'name of each column',
    },
  ],
  [
    'embed -o x.npy',
    { 'x.npy': 'embeddings, one row per image', 'x.index.csv': 'path and error of each row' },
  ],
  ['embed -o x.jsonl', { 'x.jsonl': 'embeddings of each image' }],
  [
    'features --stages 1,2 -o maps/',
    {
      'maps/stage1.npy': 'features of stage 1, one row per image',
      'maps/stage2.npy': 'features of stage 2, one row per image',
      'maps/index.csv': 'path and error of each row',
    },
  ],
  ['classify -o x.csv.gz', { 'x.csv.gz': 'classes of each image' }],
  [
    'features --layout per-image -o maps/',
    {
      maps: 'features of each image, one file per stage',
      'maps/checksums.txt': 'SHA-256 of each array',
      'maps/index.csv': 'path, error and files of each row',
    },
  ],
  ['features --pool avg -o x.csv', { 'x.csv': 'features of each image' }],
];

describe('the files of a run', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'halonet-written-')));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** The lines of a summary that name files, as pairs of name and purpose. */
  async function written(command: string): Promise<readonly (readonly string[])[]> {
    const args = [...command.split(' '), IMAGE, '-m', 'demo', '--device', 'cpu'];
    const { code, stderr } = await halonet(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    const lines = stderr.split('\n').filter((line) => line.startsWith('  '));
    const widths = new Set(lines.map((line) => /^ {2}\S+ +/.exec(line)?.[0].length));
    assert.ok(widths.size <= 1, `aligned:\n${stderr}`);
    return lines.map((line) => line.trim().split(/ {2,}/));
  }

  for (const [command, files] of OUTPUTS) {
    it(`all appear in the summary of halonet ${command}`, async () => {
      const lines = await written(command);
      const name = (command.split(' -o ')[1] ?? '').replace(/\/$/, '');
      const expected = [...Object.entries(files), [`${name}.run.json`, RUN[0]], [`${name}.run.rows`, RUN[1]]];
      assert.deepEqual(lines, expected);
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const found = entries.filter((entry) => entry.isFile());
      const arrays = found.filter(({ name }) => name.endsWith('.npy')).length;
      const together = 'maps' in files ? arrays - 1 : 0; // arrays that share a line
      assert.equal(found.length, lines.length + together);
    });
  }

  it('appear by their real path if the output is a link, and not at all for streams or with --quiet', async () => {
    await mkdir(join(folder, 'far'));
    await symlink('far/x.csv', join(folder, 'link.csv'));
    const [first] = await written('classify -o link.csv');
    assert.deepEqual(first, [join(folder, 'far/x.csv'), 'classes of each image']);
    assert.deepEqual(await written('classify'), []);
    assert.deepEqual(await written('classify -o /dev/null'), []);
    assert.deepEqual(await written('classify -o quiet.csv --quiet'), []);
  });
});

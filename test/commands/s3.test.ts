import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BUCKET,
  type BucketServer,
  CREDENTIALS,
  type Fault,
  startBucketServer,
} from '../remote/s3/bucket-server.js';
import { type CliResult, halonet, ROOT } from '../support/cli.js';
import { giveAs } from '../support/input-forms.js';
import { AWS_ENVIRONMENT, type S3Server, startS3Server } from '../support/s3-server.js';

// One image at a time, and a checkpoint after each.
const DEMO = [
  ...['--model', 'demo', '--device', 'cpu', '--threads', '1', '--top-k', '1'],
  ...['--batch-size', '1', '--decoders', '1', '--checkpoint', '0'],
];

const IMAGES = join(ROOT, 'fixtures/images');

describe('s3:// inputs on the command line', () => {
  let server: S3Server;
  let folder: string;
  let arrow: Buffer;
  let star: Buffer;
  before(async () => {
    arrow = await readFile(join(IMAGES, 'shapes/arrow.png'));
    star = await readFile(join(IMAGES, 'shapes/star.webp'));
  });
  beforeEach(async () => {
    server = await startS3Server();
    folder = await mkdtemp(join(tmpdir(), 'halonet-s3-'));
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const here = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> =>
    halonet(args, { cwd: folder, env: { ...AWS_ENVIRONMENT, AWS_ENDPOINT_URL: server.endpoint, ...env } });
  const classify = (...args: readonly string[]) => here(['classify', ...args, ...DEMO]);
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const putSome = async (...names: readonly string[]) => {
    for (const name of names) await server.put(`some/${name}.png`, arrow);
  };

  it('give the rows of the folder that the objects came from', async () => {
    await server.putFolder(IMAGES, 'a b+ü%20/');
    for (const [key, bytes] of [
      ['a b+ü%20/.hidden/a.png', arrow],
      ['a b+ü%20/shapes/.a.png', arrow],
      ['a b+ü%20/shapes/notes.txt', 'x'],
      ['a b+ü%20/shapes/none', arrow],
    ] as const)
      await server.put(key, bytes);
    const local = await here(['classify', IMAGES, ...DEMO]);
    const remote = await classify('s3://photos/a b+ü%20/');
    assert.equal(remote.code, 0, remote.stderr);
    assert.equal(remote.stdout.replaceAll('s3://photos/a b+ü%20', IMAGES), local.stdout);
    assert.match(remote.stderr, /2 files without a supported image extension: 1 without any, 1 \.txt/);
  });

  it('lead to archives and their members', async () => {
    const copy = join(folder, 'images');
    await cp(IMAGES, copy, { recursive: true });
    for (const format of ['tar', 'zip'] as const) {
      await giveAs(format, copy);
      await server.put(`x-0.${format}`, await readFile(`${copy}.${format}`));
      const local = await here(['classify', `images.${format}`, ...DEMO]);
      const remote = await classify(`s3://photos/x-{0..1}.${format}`);
      assert.equal(
        remote.stdout.replaceAll(`s3://photos/x-0.${format}`, `images.${format}`),
        `${local.stdout}s3://photos/x-1.${format},,,,not_found: no such object\n`,
        remote.stderr,
      );
      const member = await classify(`s3://photos/x-0.${format}/shapes/arrow.png`);
      assert.match(member.stdout, new RegExp(`\ns3://photos/x-0\\.${format}/shapes/arrow\\.png,0,arrow,`));
    }
  });

  it('lead to Parquet files and their rows', async () => {
    const name = 'datasets.parquet';
    await cp(join(ROOT, 'fixtures/parquet', name), join(folder, name));
    await server.put(name, await readFile(join(folder, name)));
    const local = await here(['classify', name, ...DEMO]);
    const remote = await classify(`s3://photos/${name}`);
    assert.equal(remote.stdout.replaceAll('s3://photos/', ''), local.stdout, remote.stderr);
    const row = await classify(`s3://photos/${name}/3`);
    assert.equal(row.stdout.split('\n')[1], remote.stdout.split('\n')[4]);
  });

  it('lead to lists, whose paths start where the list is', async () => {
    await putSome('a');
    const lines = [
      'path,label',
      'some/a.png,A',
      'some/none.png,B',
      's3://photos/some/a.png,C',
      's3://nowhere/a.png,D',
    ];
    await server.put('list.csv', lines.join('\n'));
    await writeFile(join(folder, 'names.txt'), 'a.png\n');
    const rooted = await classify('--from', 'names.txt', '--root', 's3://photos/some');
    assert.match(rooted.stdout, /\ns3:\/\/photos\/some\/a\.png,0,arrow,/);
    const { code, stdout } = await classify('--from', 's3://photos/list.csv', '--keep-columns', 'label');
    assert.equal(code, 1);
    assert.deepEqual(
      stdout.split('\n').map((line) => line.replace(/0\.9\d+/, '0.9…')),
      [
        'path,label,index_1,label_1,score_1,error',
        's3://photos/some/a.png,A,0,arrow,0.9…,',
        's3://photos/some/none.png,B,,,,not_found: no such object',
        's3://photos/some/a.png,C,0,arrow,0.9…,',
        's3://nowhere/a.png,D,,,,not_found: no such bucket',
        '',
      ],
    );
  });

  describe('of our own server', () => {
    let pages: BucketServer;
    beforeEach(async () => {
      pages = await startBucketServer();
    });
    afterEach(() => pages.close());

    const classifyThere = (...args: readonly string[]) =>
      here(['classify', `s3://${BUCKET}/many/`, ...args, ...DEMO], {
        AWS_ENDPOINT_URL: pages.endpoint,
        AWS_ACCESS_KEY_ID: CREDENTIALS.id,
        AWS_SECRET_ACCESS_KEY: CREDENTIALS.secret,
      });

    // s3rver has no second page: its tokens are encrypted with DES, which Node does not have any more.
    it('are listed to their end, by thousands', async () => {
      for (let i = 0; i < 2500; i++) pages.objects.set(`many/${i}.png`, arrow);
      const plan = await classifyThere('-o', 'c.csv', '--dry-run');
      assert.match(plan.stdout, /^images +2,500 found$/m, plan.stderr);
      assert.deepEqual(await readdir(folder), []);
    });

    it('are asked for nothing but the listing if they have not changed', async () => {
      for (const name of ['a', 'b', 'c']) pages.objects.set(`many/${name}.png`, arrow);
      await classifyThere('-o', 'c.csv');
      const asked = pages.seen.length;
      const synced = await classifyThere('-o', 'c.csv', '--sync');
      assert.equal(synced.stderr, 'nothing left to do: 3 images in c.csv\n');
      const paths = new Set(pages.seen.slice(asked).map(({ url }) => url.split('?')[0]));
      assert.deepEqual([...paths], [`/${BUCKET}/`]);
    });

    it('give every row though one request in five fails', async () => {
      for (let i = 0; i < 20; i++) pages.objects.set(`many/${i}.png`, i === 7 ? Buffer.from('none') : arrow);
      let requests = 0;
      const faults: readonly Fault[] = [
        { kind: 'error', status: 503, code: 'SlowDown' },
        { kind: 'break', after: 100 },
        { kind: 'break', after: 0 },
      ];
      pages.faults.next = () => (++requests % 5 === 0 ? faults[(requests / 5) % faults.length] : undefined);
      const { code, stdout, stderr } = await classifyThere('--requests', '8');
      assert.equal(code, 1, stderr);
      const rows = stdout.trim().split('\n').slice(1);
      assert.equal(rows.length, 20);
      assert.deepEqual(
        rows.filter((row) => !row.includes(',0,arrow,')).map((row) => row.split(',')[0]),
        [`s3://${BUCKET}/many/7.png`],
      );
    });
  });

  it('resume where a run stopped', async () => {
    await putSome('a', 'b', 'd');
    await server.put('some/c.png', 'none');
    const args = ['s3://photos/some/', '-o', 'c.csv'];
    const stopped = await classify(...args, '--fail-fast');
    assert.match(stopped.stderr, /first failed image, "s3:\/\/photos\/some\/c\.png"/);
    const resumed = await classify(...args, '--resume');
    assert.match(resumed.stderr, /^c\.csv: continuing after 2 rows\n2 images in .*, 4 rows in all, 1 failed/);
    await classify('s3://photos/some/', '-o', 'new.csv');
    assert.equal(await read('c.csv'), await read('new.csv'));
  });

  it('sync with what was added, changed and removed', async () => {
    await putSome('a', 'b', 'c');
    const sync = () => classify('s3://photos/some/', '-o', 'c.csv', '--sync');
    assert.equal((await sync()).code, 0);
    assert.equal((await sync()).stderr, 'nothing left to do: 3 images in c.csv\n');
    await server.put('some/a.png', star);
    await server.remove('some/b.png');
    await putSome('d');
    const synced = await sync();
    assert.match(synced.stderr, /^c\.csv: 1 new, 1 changed, 1 gone\n/);
    assert.match(await read('c.csv'), /a\.png,\d+,star,.*\n.*c\.png,0,arrow,.*\n.*d\.png,0,arrow,/);
  });

  it('retry only what failed, from a server that has moved', async () => {
    await putSome('a', 'c');
    const args = ['s3://photos/some/a.png', 's3://photos/some/b.png', 's3://photos/some/c.png'];
    assert.equal((await classify(...args, '-o', 'c.csv', '--s3-endpoint', server.endpoint)).code, 1);
    const other = await startS3Server();
    try {
      await other.put('some/b.png', star);
      const retried = await here(['retry', 'c.csv', '--s3-endpoint', other.endpoint], {
        AWS_ENDPOINT_URL: '',
      });
      assert.match(retried.stderr, /^retried 1 image in .*, 1 succeeded, 3 rows in all/);
      assert.match(await read('c.csv'), /b\.png,\d+,star,/);
    } finally {
      await other.close();
    }
  });

  it('are refused if all of them would fail, before anything is written', async () => {
    await putSome('a');
    const refusals: readonly (readonly [readonly string[], Readonly<Record<string, string>>, RegExp])[] = [
      [['s3://nowhere/'], {}, /^error: s3:\/\/nowhere\/ cannot be read: no such bucket\n/],
      [
        ['s3://nowhere/{a,b}.tar'],
        {},
        /^error: s3:\/\/nowhere\/\{a,b\}\.tar cannot be read: no such bucket\n/,
      ],
      [
        ['--from', 's3://nowhere/list.csv'],
        {},
        /^error: s3:\/\/nowhere\/list\.csv cannot be read: no such bucket\n/,
      ],
      [
        ['s3://photos/some'],
        {},
        /^error: there is no object s3:\/\/photos\/some, but there are objects below/,
      ],
      [['s3://photos/some/'], { AWS_ACCESS_KEY_ID: '' }, /no credentials were found\n.*pass --s3-anonymous/],
      [
        ['s3://photos/some/a.png'],
        { AWS_ACCESS_KEY_ID: 'another' },
        /answered InvalidAccessKeyId \(HTTP 403\)\n/,
      ],
      [['s3:///a.png'], {}, /^error: s3:\/\/\/a\.png cannot be read: the address names no bucket\n/],
      [['s3://photos/a.png', '--s3-endpoint', 'http://me:secret@host'], {}, /received http:\/\/host\n/],
    ];
    for (const [args, env, message] of refusals) {
      const { code, stdout, stderr } = await here(['classify', ...args, ...DEMO, '-o', 'c.csv'], env);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, message);
      assert.deepEqual(await readdir(folder), []);
    }
  });

  it('need no credentials in public buckets', async () => {
    await putSome('a');
    const args = ['classify', 's3://photos/some/', ...DEMO, '--s3-anonymous'];
    const env = { ...AWS_ENVIRONMENT, AWS_ENDPOINT_URL: server.endpoint, AWS_ACCESS_KEY_ID: '' };
    const { code, stderr } = await halonet(args, { env, ownProcess: true });
    assert.equal(code, 0);
    assert.match(stderr, /^1 image in .*\nrequests: \d+, \d.* received\n$/); // and no notice of AWS's SDK
  });

  it('leave no credentials in messages and outputs', async () => {
    await putSome('a');
    const { code, stdout, stderr } = await classify(
      's3://photos/some/a.png',
      's3://photos/none.png',
      '-o',
      'c.csv',
    );
    assert.equal(code, 1);
    const texts = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), 'latin1')),
    );
    for (const text of [stdout, stderr, ...texts]) {
      for (const secret of [
        AWS_ENVIRONMENT.AWS_SECRET_ACCESS_KEY,
        AWS_ENVIRONMENT.AWS_SESSION_TOKEN,
        'S3RVER',
      ])
        assert.ok(!text.includes(secret), text);
    }
  });
});

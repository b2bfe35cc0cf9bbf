import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { CERTIFICATE } from '../hub/hub-server.js';
import {
  type Fault,
  type ObjectServer,
  type SeenRequest,
  startObjectServer,
} from '../remote/object-server.js';
import { DEFLATED, tarOf, zipOf } from '../support/archives.js';
import { type CliResult, halonet, ROOT } from '../support/cli.js';
import { page, parquetOf, plain } from '../support/parquet.js';

const DEMO = [
  ...['--model', 'demo', '--device', 'cpu', '--threads', '1', '--top-k', '1'],
  ...['--batch-size', '1', '--decoders', '1', '--checkpoint', '0'],
];

const NAMES = ['arrow.png', 'circle.webp', 'crescent.jpg', 'ring.svg']; // the last one is decoded in a separate process

describe('URLs on the command line', () => {
  let folder: string;
  let images: readonly Buffer[];
  let server: ObjectServer;
  let fault: (request: SeenRequest) => Fault | undefined;

  before(async () => {
    images = await Promise.all(NAMES.map((name) => readFile(join(ROOT, 'fixtures/images/shapes', name))));
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-urls-'));
    fault = () => undefined;
    const entries = NAMES.map((name, i) => ({ name, content: images[i] as Buffer }));
    const rows = images.slice(0, 3);
    const files: Readonly<Record<string, Buffer>> = {
      ...Object.fromEntries(entries.map(({ name, content }) => [name, content])),
      'photos.tar': tarOf(...entries),
      'photos.zip': zipOf(entries.map((entry, i) => ({ ...entry, method: i % 2 === 0 ? 0 : DEFLATED }))),
      'photos.parquet': parquetOf([{ rows: 3, pages: [page(plain(...rows), { rows: 3 })] }]),
      'list.csv': Buffer.from(`path,label\n${NAMES.map((name, i) => `${name},label ${i}\n`).join('')}`),
      'list.txt': Buffer.from(`${NAMES.join('\n')}\n`),
      'crops.txt': Buffer.from(NAMES.map((name) => `${name}#xywh=9,9,90,90\n`).join('')),
      'list.jsonl': Buffer.from(NAMES.map((path) => `${JSON.stringify({ path })}\n`).join('')),
    };
    for (const [name, bytes] of Object.entries(files)) await write(name, bytes);
    const served = Object.entries(files).map(([name, bytes]) => [`/${name}`, bytes] as const);
    server = await startObjectServer(Object.fromEntries(served), (request) => fault(request));
  });

  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function write(name: string, bytes: Uint8Array | string): Promise<void> {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const here = (args: readonly string[], stdin?: string): Promise<CliResult> =>
    halonet(args, { cwd: folder, ...(stdin !== undefined && { stdin }) });
  const url = (name: string) => `${server.origin}/${name}`;
  const requestsOf = (method: string) =>
    server.seen.filter((one) => one.method === method).map(({ path }) => path);

  const CASES: readonly (readonly [
    what: string,
    args: (at: (name: string) => string) => readonly string[],
  ])[] = [
    ['images', (at) => NAMES.map(at)],
    ['a tar', (at) => [at('photos.tar')]],
    ['a zip', (at) => [at('photos.zip')]],
    ['a Parquet file', (at) => [at('photos.parquet')]],
    ['members', (at) => [at('photos.tar/ring.svg'), at('photos.zip/arrow.png'), at('photos.parquet/1')]],
    ['a pattern of braces', (at) => [at('photos.{zip,tar}')]],
    ['a list with columns', (at) => ['--from', at('list.csv'), '--keep-columns', 'label']],
    ['a text list', (at) => ['--from', at('list.txt')]],
    [
      'crops',
      (at) => ['arrow.png', 'photos.tar', 'photos.zip/ring.svg'].map((name) => at(`${name}#xywh=0,0,90,90`)),
    ],
    ['a list of crops', (at) => ['--from', at('crops.txt')]],
    ['a list of JSON lines', (at) => ['--from', at('list.jsonl')]],
  ];

  for (const [what, args] of CASES) {
    it(`gives the rows of local files for ${what}`, async () => {
      const local = await here(['classify', ...args((name) => name), ...DEMO]);
      const remote = await here(['classify', ...args(url), ...DEMO]);
      assert.deepEqual([remote.code, local.code], [0, 0], remote.stderr);
      const lines = local.stdout.split('\n');
      assert.ok(lines.length > 3);
      assert.equal(
        remote.stdout,
        [lines[0], ...lines.slice(1).map((line) => line.replace(/^("?)(?=.)/, `$1${url('')}`))].join('\n'),
      );
    });
  }

  it('reads URLs from standard input, and local lists with a root on a server', async () => {
    const piped = await here(['classify', '-', ...DEMO], `${NAMES.map(url).join('\n')}\narrow.png\n`);
    const rooted = await here(['classify', '--from', 'list.txt', '--root', server.origin, ...DEMO]);
    assert.equal(piped.code, 0, piped.stderr);
    assert.equal(
      piped.stdout,
      `${rooted.stdout}arrow.png${rooted.stdout.split('\n')[1]?.slice(url('arrow.png').length)}\n`,
    );
  });

  it('requests an archive about once', async () => {
    await here(['classify', url('photos.tar'), ...DEMO]);
    assert.ok(server.seen.length <= 2, JSON.stringify(server.seen));
  });

  it('writes a row for each URL, whatever the server answers', async () => {
    await write(
      'list',
      [
        ...['gone.png', 'arrow.png', 'secret.png', 'page.png', 'none.tar', 'none.tar/a.png'],
        ...['secret.zip/a.png', 'secret.parquet/1', 'photos.tar/none.png'],
      ]
        .map(url)
        .join('\n'),
    );
    server.files.set('/page.png', Buffer.from('<!doctype html>Log in'));
    server.files.set('/secret.png', images[0] as Buffer);
    fault = ({ path }) => {
      if (path.startsWith('/secret.')) return { kind: 'status', status: 403 };
      if (path === '/page.png') return { kind: 'headers', headers: { 'content-type': 'text/html' } };
      return undefined;
    };
    const { code, stdout } = await here(['classify', '--from', 'list', ...DEMO, '--format', 'jsonl']);
    assert.equal(code, 1);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      rows.map(({ path, error }) => [path.slice(url('').length), error?.code]),
      [
        ['gone.png', 'not_found'],
        ['arrow.png', undefined],
        ['secret.png', 'permission'],
        ['page.png', 'unsupported_format'],
        ['none.tar', 'not_found'],
        ['none.tar/a.png', 'not_found'],
        ['secret.zip/a.png', 'permission'],
        ['secret.parquet/1', 'permission'],
        ['photos.tar/none.png', 'not_found'],
      ],
    );
  });

  for (const name of ['secret.tar', 'secret.parquet']) {
    it(`keeps columns of other archives if ${name}, which comes first, cannot be read`, async () => {
      const [content = Buffer.alloc(0)] = images;
      server.files.set('/a.tar', tarOf({ name: 'a.png', content }, { name: 'a.cls', content: '5' }));
      fault = ({ path }) => (path === `/${name}` ? { kind: 'status', status: 403 } : undefined);
      const args = ['classify', url(`{${name},a.tar}`), '--keep-columns', 'cls', ...DEMO];
      const { stdout, stderr } = await here(args);
      assert.match(
        stdout,
        /^http:\S+\/secret\.\w+,,,,,permission: .*\nhttp:\S+\/a\.tar\/a\.png,5,0,arrow/m,
        stderr,
      );
    });
  }

  it('refuses on the command line what it never asks, and lists that it cannot read', async () => {
    for (const [args, message] of [
      [
        ['http://169.254.169.254/latest'],
        /^error: http:\/\/169\.254\.169\.254\/latest cannot be read: the host is /,
      ],
      [
        [url('a.jpg'), '--public-hosts-only'],
        /^error: .* cannot be read: the host is 127\.0\.0\.1, not a public address/,
      ],
      [['http://[::1/a.jpg'], /^error: .* cannot be read: not a valid URL/],
      [['--from', url('none.csv')], /^error: --from http:.*none\.csv: the server answered HTTP 404/],
      [['ftp://example.org/a.jpg'], /^error: .* is an address of ftp/],
    ] as const) {
      const { code, stderr } = await here(['classify', ...args, ...DEMO]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    assert.deepEqual(
      server.seen.map(({ path }) => path),
      ['/none.csv'],
    );
  });

  it('refuses what is named as an archive and is none', async () => {
    server.files.set('/bad.tar', Buffer.alloc(2000, 'x'));
    const { code, stderr } = await here(['classify', url('bad.tar'), ...DEMO]);
    assert.equal(code, 2);
    assert.match(stderr, /^error: http:.*bad\.tar is not a tar archive/);
  });

  it('sends credentials to their host only, and shows them nowhere', async () => {
    const other = await startObjectServer({ '/moved.png': images[0] as Buffer });
    try {
      fault = ({ path }) =>
        path.startsWith('/moved.png') ? { kind: 'redirect', to: `${other.origin}/moved.png` } : undefined;
      const secretive = (name: string) => url(name).replace('//', '//user:secret1@');
      const signed = (name: string) => `${url(name)}?X-Amz-Credential=secret2&X-Amz-Signature=secret3`;
      await write(
        'urls.txt',
        ['arrow.png', 'none.png', 'moved.png', 'photos.tar', 'photos.zip/arrow.png']
          .flatMap((name) => [secretive(name), signed(name)])
          .join('\n'),
      );
      await write(
        'boxes.csv',
        `url,x,y,w,h\n${secretive('arrow.png')},a,0,1,1\n${signed('arrow.png')},0,0,9,9\n`,
      );
      const boxes = ['--from', 'boxes.csv', '--path-column', 'url', '--crop-columns', 'x,y,w,h'];
      const inputs = [secretive('circle.webp'), signed('photos.zip'), secretive('{arrow,none}.png')];
      const texts: string[] = [];
      for (const args of [
        [...inputs, `--from=urls.txt`, '-o', 'a.jsonl'],
        [...inputs, '-o', 'b.csv', '--fail-fast'],
        [...inputs, '-o', 'c.npy', '--dry-run'],
        [secretive('photos.tar'), '-o', 'd.csv', '--root', secretive('x'), '--from', secretive('list.csv')],
        [secretive('none.tar'), '-o', 'e.csv'],
        ['--from', signed('none.csv'), '-o', 'f.csv'],
        ['--from', secretive('list.csv'), '--path-column', 'x', '-o', 'g.csv'],
        ['http://user:secret1@169.254.169.254/?token=secret2', '-o', 'h.csv'],
        [signed('{0..999999}.png'), '-o', 'i.csv'],
        [secretive('arrow.png'), signed('arrow.png'), '--include', 'none', '-o', 'j.csv'],
        [...boxes, '--keep-columns', 'url,x', '-o', 'k.csv'],
      ]) {
        const command = args.includes('c.npy') ? 'embed' : 'classify';
        const flags =
          command === 'embed'
            ? DEMO.filter((one, i) => one !== '--top-k' && DEMO[i - 1] !== '--top-k')
            : DEMO;
        const { stdout, stderr } = await here([command, ...args, ...flags]);
        assert.doesNotMatch(stderr, /defect/);
        texts.push(stdout, stderr);
      }
      const { stdout, stderr } = await here(['retry', 'a.jsonl']);
      texts.push(stdout, stderr);
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name));
      const written = files.filter((path) => /^\.?[a-k]\./.test(relative(folder, path)));
      for (const name of ['a.jsonl.run.json', 'journal.jsonl'])
        assert.ok(
          written.some((path) => path.endsWith(name)),
          `${name}: ${written}`,
        );
      for (const path of written) texts.push(await readFile(path, 'latin1'));
      for (const text of texts) assert.doesNotMatch(text, /secret|user:/);
      const { origin } = server;
      assert.match(
        await read('k.csv'),
        new RegExp(`^"${origin}/arrow.png#xywh=a,0,1,1",${origin}/arrow.png,a,`, 'm'),
      );
      assert.match(texts.join('\n'), /"http:\/\/127\.0\.0\.1:\d+\/\{arrow,none\}\.png"/); // in the manifest's command
      const basic = `Basic ${Buffer.from('user:secret1').toString('base64')}`;
      assert.ok(server.seen.some(({ headers }) => headers.authorization === basic));
      assert.ok(server.seen.some(({ path }) => path.endsWith('X-Amz-Signature=secret3')));
      assert.ok(other.seen.length > 0);
      for (const { path, headers } of other.seen)
        assert.doesNotMatch(path + JSON.stringify(headers), /secret|[Bb]asic/);
    } finally {
      await other.close();
    }
  });

  it('reads https, and sends no credentials from there to http', async () => {
    const files = { '/arrow.png': images[0] as Buffer };
    const redirect = ({ path }: SeenRequest): Fault | undefined =>
      path === '/moved.png' ? { kind: 'redirect', to: url('arrow.png') } : undefined;
    const secure = await startObjectServer(files, redirect, { secure: true });
    try {
      const secret = secure.origin.replace('//', '//user:secret@');
      const inputs = [`${secret}/arrow.png`, `${secret}/moved.png`, `${secure.origin}/moved.png`];
      const args = ['classify', ...inputs, ...DEMO, '--format', 'jsonl'];
      const env = { NODE_EXTRA_CA_CERTS: CERTIFICATE }; // read when a process starts
      const { stdout, stderr } = await halonet(args, { cwd: folder, ownProcess: true, env });
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.deepEqual(
        rows.map(({ error }) => error?.code),
        [undefined, 'read_failed', undefined],
        stderr,
      );
      assert.match(rows[1].error.message, /redirected from https to http/);
      assert.equal(server.seen.length, 1);
      assert.equal(server.seen[0]?.headers.authorization, undefined);
      const { stdout: untrusted } = await here(['classify', `${secure.origin}/arrow.png`, ...DEMO]);
      assert.match(untrusted, /,network: .*certificate/);
    } finally {
      await secure.close();
    }
  });

  it('tries failed URLs and members again with retry', async () => {
    const inputs = [url('late.png'), url('photos.tar/late.png'), url('arrow.png')];
    assert.equal((await here(['classify', ...inputs, ...DEMO, '-o', 'a.csv'])).code, 1);
    const [late = Buffer.alloc(0)] = images;
    server.files.set('/late.png', late);
    server.files.set('/photos.tar', tarOf({ name: 'late.png', content: late }));
    const { code, stderr } = await here(['retry', 'a.csv']);
    assert.equal(code, 0, stderr);
    assert.equal((await here(['classify', ...inputs, ...DEMO, '-o', 'b.csv'])).code, 0);
    assert.equal(await read('a.csv'), await read('b.csv'));
  });

  it('does not take the name of a line without a path for a URL in retry', async () => {
    server.files.set('/gaps.csv', Buffer.from('path,label\narrow.png,a\n,b\n'));
    const args = ['classify', '--from', url('gaps.csv'), ...DEMO, '-o', 'a.csv'];
    assert.equal((await here(args)).code, 1);
    const before = await read('a.csv');
    await here(['retry', 'a.csv']);
    assert.match(before, /gaps\.csv:3,.*,invalid_name: the line has no path\n/);
    assert.equal(await read('a.csv'), before);
  });

  it('continues a run with --resume, without requesting again what is done', async () => {
    const inputs = ['arrow.png', 'circle.webp', 'late.png', 'crescent.jpg'].map(url);
    assert.equal((await here(['classify', ...inputs, ...DEMO, '-o', 'a.csv', '--fail-fast'])).code, 1);
    server.files.set('/late.png', images[0] as Buffer);
    const before = server.seen.length;
    const { code, stderr } = await here(['classify', ...inputs, ...DEMO, '-o', 'a.csv', '--resume']);
    assert.equal(code, 0, stderr);
    const later = server.seen.slice(before).map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(later.sort(), [
      'GET /crescent.jpg',
      'GET /late.png',
      'HEAD /arrow.png',
      'HEAD /circle.webp',
    ]);
    await here(['classify', ...inputs, ...DEMO, '-o', 'b.csv']);
    assert.equal(await read('a.csv'), await read('b.csv'));
  });

  it('computes only what has changed with --sync', async () => {
    const inputs = [...NAMES.map(url), url('photos.zip')];
    assert.equal((await here(['classify', ...inputs, ...DEMO, '-o', 'a.csv'])).code, 0);
    server.files.set('/circle.webp', images[0] as Buffer);
    const before = server.seen.length;
    const { code, stderr } = await here(['classify', ...inputs, ...DEMO, '-o', 'a.csv', '--sync']);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      server.seen
        .slice(before)
        .filter(({ method, headers }) => method === 'GET' && headers.range === undefined)
        .map(({ path }) => path),
      ['/circle.webp'],
    );
    await here(['classify', ...inputs, ...DEMO, '-o', 'b.csv']);
    assert.equal(await read('a.csv'), await read('b.csv'));
    const again = await here(['classify', ...inputs, ...DEMO, '-o', 'a.csv', '--sync']);
    assert.match(again.stderr, /nothing|up to date|already/i);
  });

  it('plans a run with --dry-run', async () => {
    const { code, stdout, stderr } = await here([
      'classify',
      ...NAMES.map(url),
      ...DEMO,
      '-o',
      'a.csv',
      '--dry-run',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /images +4 found/);
    assert.deepEqual(requestsOf('HEAD'), []);
  });

  it('requests as many images at once as --requests says', async () => {
    fault = () => ({ kind: 'delay', ms: 200 });
    const many = Array.from({ length: 40 }, (_, i) => `${url('arrow.png')}?${i}`).join('\n');
    for (const requests of [3, 20]) {
      const args = ['classify', '-', ...DEMO, '--requests', String(requests)];
      const { code, stderr } = await halonet(args, { cwd: folder, stdin: many, ownProcess: true });
      assert.equal(code, 0);
      assert.doesNotMatch(stderr, /warning/i);
      const most = server.mostAtOnce();
      assert.ok(most <= requests && most > requests / 2, `${most} of ${requests}`);
    }
  });
});

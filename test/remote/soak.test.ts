import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { proxiesFromEnv } from '../../src/http/proxies.js';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import { runJob } from '../../src/job/job.js';
import type { JobSummary } from '../../src/job/options.js';
import { mulberry32 } from '../../src/random.js';
import { tarOf, zipOf } from '../support/archives.js';
import { ROOT } from '../support/cli.js';
import { Collection } from '../support/collection.js';
import { page, parquetOf, plain } from '../support/parquet.js';
import { type Fault, type ObjectServer, startObjectServer } from './object-server.js';

const COUNT = 60; // images
const ONE_IN = 8; // requests fail

const FAULTS: readonly Fault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 429, headers: { 'retry-after': '0' } },
  { kind: 'reset' },
  { kind: 'break', after: 900 },
  { kind: 'break', after: 0 },
  { kind: 'stall', after: 500 },
  { kind: 'no ranges' },
];

describe('a job over servers that fail now and then', () => {
  let folder: string;
  let server: ObjectServer;
  let faults = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-soak-'));
    const random = mulberry32(1);
    const images: { readonly name: string; readonly content: Buffer }[] = [];
    for (let i = 0; i < COUNT; i++) {
      const [width, height] = [20 + Math.floor(random() * 60), 20 + Math.floor(random() * 60)];
      const pixels = Uint8Array.from({ length: width * height * 3 }, () => random() * 256);
      const image = await sharp(pixels, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer();
      // Some are bad themselves.
      images.push({
        name: `${i}.png`,
        content: i % 16 === 5 ? image.subarray(0, image.byteLength / 2) : image,
      });
    }
    const filler = { name: 'video.mp4', content: Buffer.alloc(9 * 2 ** 20, 'filler') }; // so that archives have several blocks
    const all = [...images.slice(0, 20), filler, ...images.slice(20)];
    const pages = images.map(({ content }) => ({ rows: 1, pages: [page(plain(content), { rows: 1 })] }));
    const files: Readonly<Record<string, Buffer>> = {
      ...Object.fromEntries(images.map(({ name, content }) => [name, content])),
      'photos.tar': tarOf(...all),
      'photos.zip': zipOf(all),
      'photos.parquet': parquetOf(pages),
      'list.csv': Buffer.from(
        `path,label\n${images.map(({ name }, i) => `${name},${i}\n`).join('')}none.png,x\n`,
      ),
    };
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    const chance = mulberry32(2);
    const served = Object.entries(files).map(([name, bytes]) => [`/${name}`, bytes] as const);
    server = await startObjectServer(Object.fromEntries(served), ({ headers }) => {
      if (chance() >= 1 / ONE_IN) return undefined;
      faults++;
      const fault = FAULTS[Math.floor(chance() * FAULTS.length)];
      return fault?.kind === 'no ranges' && headers.range === 'bytes=0-65535' ? { kind: 'reset' } : fault; // the first answer counts
    });
  });

  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function run(
    inputs: readonly string[],
    list: string | undefined,
  ): Promise<[Collection, JobSummary, number | undefined]> {
    const sink = new Collection();
    let total: number | undefined; // inputs, as counted beforehand
    const summary = await runJob({
      model: { name: 'demo', hub: hubSettingsFromEnv({}, homedir()) },
      images: {
        inputs,
        list: list === undefined ? undefined : { path: list },
        keep: list === undefined ? undefined : 'all',
        remote: {
          proxies: proxiesFromEnv({}),
          requests: 16,
          seconds: 60,
          publicHostsOnly: false,
          timing: { stallMs: 1000, retries: 5, wait: async () => {} },
        },
        stdin: () => assert.fail('no list is asked for'),
        allowEmpty: false,
        counted: true,
        preprocessing: { autoOrient: true, decode: 'exact' },
        decodeSeconds: 60,
      },
      onEvent: (event) => {
        if (event.kind === 'counted') total = event.total;
      },
      outputs: { requests: [{ name: 'embedding' }], sink },
      compute: {
        device: { name: 'cpu', id: 0 },
        host: { platform: 'linux', arch: 'x64', env: {}, root: '/' },
        threads: 1,
        batchSize: 1, // a larger one would change the last digits
        machine: { decoders: 2, memory: () => ({ resident: 0, available: 2 ** 30 }) },
      },
      invocation: { versions: { halonet: 'test', node: 'test' }, command: [], folder: ROOT },
    });
    return [sink, summary, total];
  }

  it('gives the rows of local files, for images, lists and archives', async () => {
    const inputs = [
      'photos.tar',
      'photos.zip',
      'photos.parquet',
      ...Array.from({ length: COUNT }, (_, i) => `${i}.png`),
    ];
    const [local, , counted] = await run(
      inputs.map((name) => join(folder, name)),
      join(folder, 'list.csv'),
    );
    const [remote, { sources: counts }, countedRemotely] = await run(
      inputs.map((name) => `${server.origin}/${name}`),
      `${server.origin}/list.csv`,
    );
    assert.equal(local.rows.length, 5 * COUNT + 1);
    assert.equal(counted, 5 * COUNT + 1);
    assert.equal(countedRemotely, undefined); // it would request archives twice
    assert.ok(faults >= 5, `${faults} faults`);
    assert.ok((counts.retries ?? 0) >= 3, JSON.stringify(counts));
    const plainRows = ({ rows }: Collection, base: string) =>
      rows.map((row) => ({
        id: row.id.slice(base.length + 1),
        columns: row.columns,
        result: row.status === 'failed' ? row.failure.code : row.status === 'ok' ? row.outputs : 'stored',
      }));
    assert.deepEqual(plainRows(remote, server.origin), plainRows(local, folder));
    const archives = ['photos.tar', 'photos.zip', 'photos.parquet'];
    const sizes = await Promise.all(
      archives.map(async (name) => (await readFile(join(folder, name))).byteLength),
    );
    const whole = sizes.reduce((sum, bytes) => sum + bytes, 0);
    assert.ok((counts.bytesReceived ?? 0) < 2 * whole, `${counts.bytesReceived} bytes for ${whole}`);
  });
});

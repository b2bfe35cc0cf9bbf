import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { ImageFailure } from '../src/errors.js';
import type { DecodedImage } from '../src/images/decode.js';
import { HALONET } from './images/support.js';
import { TIME_LIMIT } from './support/time-limit.js';

const OPTIONAL = ['heic-decode', 'libheif-js', '@cornerstonejs', '@aws-sdk'];

/** Runs a script among the modules of a copy of halonet that is installed elsewhere. Returns what it prints, which is JSON. */
async function runIn<T>(halonet: string, script: string): Promise<T> {
  const path = join(halonet, 'dist/src/script.mjs');
  await writeFile(path, script);
  const { stdout, stderr } = await promisify(execFile)('node', [path], TIME_LIMIT);
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

const decodeBy = (halonet: string, file: string) =>
  runIn<DecodedImage>(
    halonet,
    `import { decodeImage } from './images/decode.js';
    import { FileItem } from './file-item.js';
    const { pixels, ...rest } = await decodeImage(new FileItem(${JSON.stringify(resolve(file))}), ${JSON.stringify(HALONET)});
    console.log(JSON.stringify(rest, (_, value) => typeof value === 'bigint' ? String(value) : value));`,
  );

const openS3By = (halonet: string) =>
  runIn<ImageFailure>(
    halonet,
    `import { proxiesFromEnv } from './http/proxies.js';
    import { Attempts } from './remote/attempts.js';
    import { S3Store } from './remote/s3/store.js';
    const attempts = new Attempts({ seconds: 60 }, undefined);
    const store = new S3Store({ proxies: proxiesFromEnv({}), s3: { endpoint: 'nowhere' } }, attempts);
    const { failure } = await store.open('s3://bucket/a.jpg').catch((error) => error);
    console.log(JSON.stringify(failure));`,
  );

describe('what needs an optional package', () => {
  let folder = '';
  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'halonet-optional-')));
  });
  after(() => rm(folder, { recursive: true }));

  /** Installs this build and its dependencies, except for the optional packages. */
  const install = async (halonet: string, packages: string) => {
    await mkdir(packages, { recursive: true });
    for (const name of await readdir('node_modules')) {
      if (name.startsWith('.') || OPTIONAL.includes(name)) continue;
      await symlink(resolve('node_modules', name), join(packages, name));
    }
    await cp('dist/src', join(halonet, 'dist/src'), { recursive: true });
    await cp('package.json', join(halonet, 'package.json'));
  };

  const kinds = {
    clone: ['clone', 'clone/node_modules', 'npm install --no-save NAME in the folder of halonet'],
    'global package': ['lib/node_modules/halonet', 'lib/node_modules', 'npm install --global NAME'],
    'package of a project': ['project/node_modules/halonet', 'project/node_modules', 'npm install NAME'],
  } as const;

  for (const [kind, [at, packagesAt, command]] of Object.entries(kinds)) {
    it(`names the install command for a ${kind}, and works once it is installed`, async () => {
      const [halonet, packages] = [join(folder, at), join(folder, packagesAt)];
      await install(halonet, packages);
      if (kind === 'package of a project') await writeFile(join(folder, 'project/package.json'), '{}');
      for (const [format, file, name] of [
        ['HEIC', 'fixtures/codecs/photo.heic', 'heic-decode'],
        ['JPEG 2000', 'fixtures/codecs/rgb.jp2', '@cornerstonejs/codec-openjpeg'],
      ] as const) {
        const image = await decodeBy(halonet, file);
        assert.ok(image.status === 'failed');
        assert.deepEqual(image.failure, {
          code: 'unsupported_format',
          message: `${format} needs the optional package ${name}; ${command.replace('NAME', name)} installs it`,
        });
      }
      assert.deepEqual(await openS3By(halonet), {
        code: 'unsupported_format',
        message: `S3 needs the optional package @aws-sdk/client-s3; ${command.replace('NAME', '@aws-sdk/client-s3')} installs it`,
      });
      for (const name of OPTIONAL) await symlink(resolve('node_modules', name), join(packages, name));
      for (const file of ['photo.heic', 'rgb.jp2']) {
        const image = await decodeBy(halonet, `fixtures/codecs/${file}`);
        assert.equal(image.status, 'ok', JSON.stringify(image));
      }
      assert.match((await openS3By(halonet)).message, /endpoint/);
    });
  }
});

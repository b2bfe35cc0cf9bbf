import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { nameFrom } from '../../src/models/locate.js';

describe('nameFrom', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-locate-'));
    await mkdir(join(folder, 'my-net'));
    await writeFile(join(folder, 'net.onnx'), '');
  });
  after(() => rm(folder, { recursive: true }));

  it('resolves names of existing files and folders', async () => {
    assert.equal(await nameFrom(folder, 'my-net'), join(folder, 'my-net'));
    assert.equal(await nameFrom(folder, './net.onnx'), join(folder, 'net.onnx'));
    assert.equal(await nameFrom('/elsewhere', join(folder, 'net.onnx')), join(folder, 'net.onnx'));
  });

  it('resolves the path of a missing file', async () => {
    assert.equal(await nameFrom(folder, 'gone/model.safetensors'), join(folder, 'gone/model.safetensors'));
  });

  it('keeps names that are not paths', async () => {
    for (const name of [
      'demo',
      'halonet50ts',
      'timm/halonet50ts.a1h_in1k',
      'hf-hub:timm/halonet50ts.a1h_in1k',
    ])
      assert.equal(await nameFrom(folder, name), name);
  });

  it('does not resolve names against the current folder', async () => {
    const here = relative(process.cwd(), join(folder, 'my-net'));
    assert.equal(await nameFrom(undefined, here), here);
    assert.equal(await nameFrom('/elsewhere', 'src'), 'timm/src');
  });
});

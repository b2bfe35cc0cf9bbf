import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { nameFrom } from '../../src/models/locate.js';

describe("a model's name in another folder", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-locate-'));
    await mkdir(join(folder, 'my-net'));
    await writeFile(join(folder, 'net.onnx'), '');
  });
  after(() => rm(folder, { recursive: true }));

  it('leads to what is there', async () => {
    assert.equal(await nameFrom(folder, 'my-net'), join(folder, 'my-net'));
    assert.equal(await nameFrom(folder, './net.onnx'), join(folder, 'net.onnx'));
    assert.equal(await nameFrom('/elsewhere', join(folder, 'net.onnx')), join(folder, 'net.onnx'));
  });

  it('leads to where a file would be that is gone', async () => {
    assert.equal(await nameFrom(folder, 'gone/model.safetensors'), join(folder, 'gone/model.safetensors'));
  });

  it('stays what it is if it is no path', async () => {
    for (const name of [
      'demo',
      'halonet50ts',
      'timm/halonet50ts.a1h_in1k',
      'hf-hub:timm/halonet50ts.a1h_in1k',
    ])
      assert.equal(await nameFrom(folder, name), name);
  });

  it('does not lead to what has that name here', async () => {
    const here = relative(process.cwd(), join(folder, 'my-net'));
    assert.equal(await nameFrom(undefined, here), here);
    assert.equal(await nameFrom('/elsewhere', 'src'), 'timm/src');
  });
});

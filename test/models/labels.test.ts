import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelConfig, parseModelConfig } from '../../src/model/config-file/parse.js';
import { labelsOf, readLabels } from '../../src/models/labels.js';

const demo = parseModelConfig(readFileSync('assets/demo-model/config.json', 'utf8'), 'config.json');
const of = (numClasses: number): ModelConfig => ({ ...demo, numClasses, labelNames: undefined });

describe('labelsOf and readLabels', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'halonet-labels-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it("prefers the checkpoint's own names", async () => {
    assert.equal((await labelsOf(demo, 'name', undefined))[15], 'zigzag');
    const described = { ...demo, labelDescriptions: new Map([['arrow', 'arrow, pointer']]) };
    assert.equal((await labelsOf(described, 'full', undefined))[0], 'arrow, pointer');
  });

  it('knows ImageNet-1k by name, full name, synset and index', async () => {
    const first = async (type: Parameters<typeof labelsOf>[1]) =>
      (await labelsOf(of(1000), type, undefined))[0];
    assert.equal(await first('name'), 'tench');
    assert.equal(await first('full'), 'tench, Tinca tinca');
    assert.equal(await first('synset'), 'n01440764');
    assert.equal(await first('index'), '0');
    assert.equal((await labelsOf(of(1000), 'name', undefined)).length, 1000);
  });

  it('numbers the classes of a model without names', async () => {
    assert.deepEqual(await labelsOf(of(3), 'name', undefined), ['0', '1', '2']);
  });

  it('reads lines, TSV and JSON', async () => {
    const read = async (path: string) => labelsOf(of(3), 'name', await readLabels(path));
    assert.deepEqual(await read(file('a.txt', '\uFEFFcat\r\ndog\r\nhen, rooster\r\n\r\n')), [
      'cat',
      'dog',
      'hen, rooster',
    ]);
    assert.deepEqual(await read(file('a.json', '["cat","dog","hen"]')), ['cat', 'dog', 'hen']);
    assert.deepEqual(await read(file('b.json', '{"1":"dog","0":"cat","2":"hen"}')), ['cat', 'dog', 'hen']);
    const tsv = file('a.tsv', 'index\tsynset\tname\n1\tn2\tdog, hound\n0\tn1\tcat\n2\tn3\then\n');
    assert.deepEqual(await read(tsv), ['cat', 'dog', 'hen']);
    assert.deepEqual(await labelsOf(of(3), 'full', await readLabels(tsv)), ['cat', 'dog, hound', 'hen']);
    assert.deepEqual(await labelsOf(of(3), 'synset', await readLabels(tsv)), ['n1', 'n2', 'n3']);
  });

  it('refuses invalid files, and files that do not fit the model', async () => {
    const rejects = (path: string, message: RegExp) =>
      assert.rejects(async () => labelsOf(of(3), 'name', await readLabels(path)), message);
    await rejects(file('two.txt', 'cat\ndog\n'), /--labels: 2 labels for a model of 3 classes/);
    await rejects(join(folder, 'none.txt'), /--labels \S+none\.txt: no such file or folder$/);
    await rejects(folder, /--labels \S+: it is a folder, not a file$/);
    await rejects(file('c.json', '["cat", 3, "hen"]'), /class 1: expected a string, received 3/);
    await rejects(
      file('d.json', '{"0":"cat","1":"dog","3":"hen"}'),
      /class 2: expected a string, received nothing/,
    );
    await rejects(file('e.json', '["cat"'), /not valid JSON/);
    await rejects(
      file('b.tsv', 'index\tname\n0\tcat\n0\tdog\n2\then\n'),
      /line 3: class 0 has a name already/,
    );
    await rejects(file('c.tsv', 'index\tname\n0\tcat\n9\tdog\n2\then\n'), /line 3/);
    await assert.rejects(labelsOf(demo, 'synset', undefined), /class 0 \(arrow\) has no WordNet id/);
  });
});

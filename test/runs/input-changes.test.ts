import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileItem } from '../../src/file-item.js';
import { identify } from '../../src/identify.js';
import type { Item } from '../../src/item.js';
import { compareInputs, isRespelledOnly } from '../../src/runs/input-changes.js';
import { encodeRecord, pathKey } from '../../src/runs/ledger.js';

describe('compareInputs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-inputs-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const pathOf = (name: string) => join(folder, name);
  const write = async (names: Iterable<string>, content = 'x') => {
    for (const name of names) await writeFile(pathOf(name), content);
  };

  /** Records the current state of inputs in a ledger; names with a - are missing files. */
  async function record(names: Iterable<string>): Promise<number> {
    const records = [];
    for (const name of names) {
      const path = pathOf(name);
      records.push(
        encodeRecord({
          path: pathKey(path),
          target: pathKey(path),
          file: await identify(path),
          failure: undefined,
          textEnd: 0,
        }),
      );
    }
    await writeFile(pathOf('ledger'), Buffer.concat(records));
    return records.length;
  }

  async function* inputs(names: Iterable<string>, onTake: () => void = () => {}): AsyncGenerator<Item> {
    for (const name of names) {
      onTake();
      yield new FileItem(pathOf(name));
    }
  }

  /** @param then the inputs in a ledger, a letter each @param now the current inputs */
  async function compare(then: string, now: string, { whole = true, change = async () => {} } = {}) {
    await write(new Set([...then, ...now].filter((name) => name !== '-')));
    const rows = await record(then);
    await change();
    return compareInputs(inputs(now), { ledger: pathOf('ledger'), rows, whole });
  }

  const none = { gained: 0, lost: 0, unread: 0, changed: 0, moved: false, respelled: 0 };

  it('returns undefined if nothing has changed', async () => {
    for (const names of ['', 'a', 'abcdef', 'aa', 'abab-c-']) {
      assert.equal(await compare(names, names), undefined, names);
      assert.equal(await compare(names, names, { whole: false }), undefined, names);
    }
  });

  it('counts new inputs at any position', async () => {
    assert.deepEqual(await compare('abc', 'xabc'), { ...none, gained: 1 });
    assert.deepEqual(await compare('abc', 'axybc'), { ...none, gained: 2 });
    assert.deepEqual(await compare('abc', 'abcxyz'), { ...none, gained: 3 });
    assert.deepEqual(await compare('', 'ab'), { ...none, gained: 2 });
  });

  it('counts inputs that are gone from any position', async () => {
    assert.deepEqual(await compare('abc', 'bc'), { ...none, lost: 1 });
    assert.deepEqual(await compare('abcd', 'ad'), { ...none, lost: 2 });
    assert.deepEqual(await compare('abc', 'ab'), { ...none, lost: 1 });
    assert.deepEqual(await compare('abc', ''), { ...none, lost: 3 });
  });

  it('counts files that have changed', async () => {
    const larger = () => write('b', 'xx');
    const touched = () => utimes(pathOf('b'), 17, 17);
    const gone = () => rm(pathOf('b'));
    for (const change of [larger, touched, gone]) {
      assert.deepEqual(await compare('abc', 'abc', { change }), { ...none, changed: 1 });
      assert.deepEqual(await compare('abc', 'abc', { change, whole: false }), { ...none, changed: 1 });
    }
    const found = () => write('-');
    assert.deepEqual(await compare('a-c', 'a-c', { change: found }), { ...none, changed: 1 });
  });

  it('detects a different order', async () => {
    assert.deepEqual(await compare('abc', 'acb'), { ...none, moved: true });
    assert.deepEqual(await compare('abc', 'cab'), { ...none, moved: true });
    assert.deepEqual(await compare('aba', 'aab'), { ...none, moved: true });
  });

  it('counts a path as often as it occurs', async () => {
    assert.deepEqual(await compare('aab', 'ab'), { ...none, lost: 1 });
    assert.deepEqual(await compare('ab', 'aab'), { ...none, gained: 1 });
    assert.deepEqual(await compare('ab', 'aba'), { ...none, gained: 1 });
    assert.deepEqual(await compare('aba', 'xaba'), { ...none, gained: 1 });
    assert.deepEqual(await compare('aabb', 'ab'), { ...none, lost: 2 });
  });

  it('counts all kinds of changes together', async () => {
    const change = () => write('d', 'xx');
    assert.deepEqual(await compare('abcdef', 'xfbdy', { change }), {
      gained: 2,
      lost: 3,
      changed: 1,
      unread: 0,
      moved: true,
      respelled: 0,
    });
  });

  it('ignores new inputs after the rows of an interrupted run', async () => {
    const whole = false;
    assert.equal(await compare('abc', 'abcxyz', { whole }), undefined);
    assert.equal(await compare('', 'abc', { whole }), undefined);
    assert.deepEqual(await compare('abc', 'abxcyz', { whole }), { ...none, gained: 1 });
    assert.deepEqual(await compare('abc', 'abxyz', { whole }), { ...none, lost: 1 });
    assert.deepEqual(await compare('abc', 'ab', { whole }), { ...none, lost: 1 });
    assert.deepEqual(await compare('ab', 'aabxyz', { whole }), { ...none, gained: 1 });
    assert.deepEqual(await compare('abc', 'abacx', { whole }), { ...none, gained: 1 });
  });

  describe('with inputs given by other paths', () => {
    /** The recorded inputs, each by another path to the same file. */
    async function* otherwise(names: Iterable<string>): AsyncGenerator<Item> {
      for (const name of names) yield new FileItem(`${folder}/./${name}`, { target: pathOf(name) });
    }
    const compared = async (then: string, now: string, whole = true) => {
      await write(new Set([...then, ...now]));
      const rows = await record(then);
      return compareInputs(otherwise(now), { ledger: pathOf('ledger'), rows, whole });
    };

    it('reports them as respelled only', async () => {
      for (const whole of [true, false]) {
        const changes = await compared('abca', 'abca', whole);
        assert.deepEqual(changes, { ...none, respelled: 4 });
        assert.ok(changes && isRespelledOnly(changes));
      }
    });

    it('takes no more inputs than there are rows', async () => {
      await write('abcd');
      const known = { ledger: pathOf('ledger'), rows: await record('abc'), whole: false };
      const source = otherwise('abcd');
      assert.deepEqual(await compareInputs(source, known), { ...none, respelled: 3 });
      assert.equal((await source.next()).value?.target, pathOf('d'));
    });

    it('distinguishes them from inputs that are new, gone or reordered', async () => {
      assert.deepEqual(await compared('abc', 'abcd'), { ...none, gained: 1, respelled: 3 });
      assert.deepEqual(await compared('abc', 'ac'), { ...none, lost: 1, respelled: 2 });
      assert.deepEqual(await compared('abc', 'cab'), { ...none, moved: true, respelled: 3 });
      for (const now of ['abcd', 'ac', 'cab']) {
        const changes = await compared('abc', now);
        assert.ok(changes && !isRespelledOnly(changes), now);
      }
    });

    it('recognises an unchanged path that leads to another file, as through a redirected link', async () => {
      await write('ab');
      const rows = await record('ab');
      async function* turned(): AsyncGenerator<Item> {
        for (const name of 'ab') yield new FileItem(pathOf(name), { target: `/elsewhere/${name}` });
      }
      const known = { ledger: pathOf('ledger'), rows, whole: true };
      assert.equal(await compareInputs(turned(), known), undefined);
      await write('a', 'larger');
      assert.deepEqual(await compareInputs(turned(), known), { ...none, changed: 1 });
    });
  });

  it('detects every difference between short sequences of inputs', async () => {
    const letters = ['a', 'b', 'c'];
    const words = letters.flatMap((a) => letters.flatMap((b) => [a + b, ...letters.map((c) => a + b + c)]));
    await write(letters);
    for (const then of words) {
      const known = { ledger: pathOf('ledger'), rows: await record(then) };
      for (const now of words) {
        const part = await compareInputs(inputs(now), { ...known, whole: false });
        assert.equal(part === undefined, now.startsWith(then), `${then} ${now}`);
        const changes = await compareInputs(inputs(now), { ...known, whole: true });
        assert.equal(changes === undefined, now === then, `${then} ${now}`);
        const { gained, lost, moved } = changes ?? { ...none, moved: true };
        assert.equal(gained - lost, now.length - then.length, `${then} ${now}`);
        assert.ok(gained + lost > 0 || moved, `${then} ${now}`);
      }
    }
  });

  it('takes only as many inputs as it needs, and counts changes at the edges of chunks', async () => {
    const names = Array.from({ length: 600 }, (_, i) => `${i}-`);
    const rows = await record(names);
    const take = async (now: readonly string[], whole: boolean) => {
      let taken = 0;
      const known = { ledger: pathOf('ledger'), rows, whole };
      const source = inputs(now, () => taken++);
      const changes = await compareInputs(source, known);
      return { taken, changes, next: (await source.next()).value?.id };
    };
    const more = [...names, 'next'];
    assert.deepEqual(await take(more, false), {
      taken: 600,
      changes: undefined,
      next: pathOf('next'),
    });
    assert.deepEqual((await take(names, true)).changes, undefined);
    assert.deepEqual((await take(more, true)).changes, { ...none, gained: 1 });
    // Around the edges of the chunks that are compared.
    for (const at of [0, 255, 256, 257, 511, 512, 599]) {
      const without = names.toSpliced(at, 1);
      assert.deepEqual((await take(without, true)).changes, { ...none, lost: 1 }, `${at}`);
      assert.deepEqual(
        (await take(names.toSpliced(at, 0, 'new'), true)).changes,
        { ...none, gained: 1 },
        `${at}`,
      );
    }
  });

  it('refuses a ledger that is too short', async () => {
    await write('ab');
    await record('ab');
    const known = { ledger: pathOf('ledger'), rows: 3, whole: true };
    await assert.rejects(compareInputs(inputs('abc'), known), /ledger is damaged/);
  });
});

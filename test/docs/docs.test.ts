import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../commands/index.js';
import { FAILURE_CODES } from '../../src/errors.js';
import { OPTIONAL_PACKAGES } from '../../src/images/codecs/optional-packages.js';
import { DECODABLE_EXTENSIONS } from '../../src/images/extensions.js';
import { BLOCKS } from '../../src/model/blocks/registry.js';
import { ARCHITECTURES } from '../../src/model/config/architectures/index.js';
import { MODEL_FIELDS } from '../../src/model/config-file/model-cfg.js';
import { ACTIVATIONS } from '../../src/model/layers/activation.js';
import { ANTI_ALIAS } from '../../src/model/layers/anti-alias.js';
import { CHANNEL_ATTN } from '../../src/model/layers/channel-attn/registry.js';
import { HEADS } from '../../src/model/layers/heads/registry.js';
import { NORMS } from '../../src/model/layers/norms/registry.js';
import { SELF_ATTN_LAYERS } from '../../src/model/layers/self-attn/registry.js';
import { DOWNSAMPLES } from '../../src/model/layers/shortcut.js';
import { STEM_POOLS, STEMS } from '../../src/model/stem.js';
import { halonet } from '../support/cli.js';
import { type Bench, checkExample, openBench } from './examples.js';
import { invocationsOf, mistakesIn } from './invocations.js';
import { brokenBy, linksOf } from './links.js';
import { blocksOf, examplesOf, type Page, readPages } from './pages.js';
import { shownAs } from './shown-as.js';

// Other spellings of listed names, the empty name, and fields without effect.
const NOT_LISTED =
  /^$|2d(fp32)?$|^(zero_init_last|fixed_input_size|swish|hardsigmoid|hardswish|(max|avg|blur)pool)$/;

const PAGES = readPages();

const pageOf = (name: string): Page =>
  PAGES.find((page) => page.name === `docs/${name}`) ?? assert.fail(`there is no docs/${name}`);

describe('the documentation', () => {
  it('mentions only existing commands and flags, and every command', () => {
    assert.deepEqual(PAGES.flatMap(mistakesIn), []);
    const spoken = new Set(PAGES.flatMap(invocationsOf).map((words) => words.split(' ', 1)[0]));
    assert.deepEqual([...spoken].sort(), Object.keys(COMMANDS).sort());
  });

  it('lists every page in its index, and has no broken links', () => {
    const links = PAGES.flatMap(linksOf);
    const broken = links.flatMap((link) => {
      const why = brokenBy(link);
      return why === undefined ? [] : [`${link.page}: ${link.target}: ${why}`];
    });
    assert.deepEqual(broken, []);
    const indexed = linksOf(pageOf('README.md')).map(({ target }) => target);
    const unlisted = readdirSync('docs').filter((file) => file.endsWith('.md') && !indexed.includes(file));
    assert.deepEqual(unlisted, ['README.md']);
  });

  it('lists every failure code', () => {
    const { text } = pageOf('failures.md');
    for (const code of FAILURE_CODES) assert.match(text, new RegExp(`^\\| \`${code}\` \\|`, 'm'));
  });

  it('lists every image extension and every optional package', () => {
    const { text } = pageOf('preprocessing.md');
    for (const extension of DECODABLE_EXTENSIONS) assert.ok(text.includes(`\`${extension}\``), extension);
    for (const { name } of OPTIONAL_PACKAGES) assert.ok(text.includes(`\`${name}\``), name);
  });

  it('lists every architecture, and every field and layer of a network', () => {
    const { text } = pageOf('models.md');
    const names = [
      ...[ARCHITECTURES, MODEL_FIELDS, BLOCKS, STEMS, STEM_POOLS, DOWNSAMPLES, ACTIVATIONS, NORMS],
      ...[ANTI_ALIAS, CHANNEL_ATTN, SELF_ATTN_LAYERS, HEADS],
    ].flatMap((known) => Object.keys(known));
    const left = names.filter((name) => !NOT_LISTED.test(name) && !text.includes(`\`${name}\``));
    assert.deepEqual(left, []);
  });

  it('shows a valid custom network', async () => {
    const config = blocksOf(pageOf('models.md')).find(({ language }) => language === 'json');
    const folder = await mkdtemp(join(tmpdir(), 'halonet-docs-'));
    try {
      await writeFile(join(folder, 'config.json'), config?.text ?? '');
      const { code, stdout, stderr } = await halonet(['inspect', join(folder, 'config.json')]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^stages\.3 +stage4 +2048×8×8 /m);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('compares the output of examples, ignoring what varies', () => {
    const varies =
      'time    about 28s at 71.9 images/s, measured on 32\ndisk    70.1 GB free in /data: fits\n';
    const other = 'time  less than 1s at 9 images/s, measured on 32\ndisk  1.2 TB free in /x: fits';
    assert.deepEqual(shownAs(varies), shownAs(other));
    assert.deepEqual(shownAs('score 0.97310'), shownAs('score 0.97291'));
    assert.notDeepEqual(shownAs('score 0.97310'), shownAs('score 0.9310'));
    assert.notDeepEqual(shownAs('measured on 32'), shownAs('measured on 31'));
  });

  for (const page of PAGES) {
    const examples = examplesOf(page).filter(({ needs }) => needs.length === 0);
    if (examples.length === 0) continue;
    describe(`the examples in ${page.name}`, () => {
      let bench: Bench;
      before(async () => {
        bench = await openBench();
      });
      after(() => rm(join(bench.folder, '..'), { recursive: true }));
      for (const example of examples) {
        const [first = ''] = example.text.split('\n');
        it(`line ${example.line}: ${first}`, () => checkExample(example, bench));
      }
    });
  }
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { ROOT } from './support/cli.js';

/**
 * Which room may import which, types included. A room is a folder of `src/`, with its subfolders that have no entry.
 * `src` stands for the vocabulary: the modules directly in `src/`, which every room may import and which import none.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  src: [],
  async: [],
  http: [],
  files: [],
  zstd: [],
  formats: ['zstd'],
  images: ['zstd'],
  lock: [],
  model: [],
  runtime: [],
  outputs: ['files', 'formats', 'zstd'],
  remote: ['formats', 'http'],
  sources: ['formats', 'remote'],
  hub: ['files', 'http', 'lock'],
  devices: ['formats', 'model', 'runtime'],
  models: ['files', 'formats', 'hub', 'images', 'model'],
  'models/int8': ['files', 'formats', 'images', 'model', 'models', 'runtime'],
  runs: ['async', 'files', 'lock', 'outputs'],
  stream: ['async', 'images', 'runtime'],
  job: [
    ...['async', 'devices', 'files', 'formats', 'hub', 'images', 'model', 'models', 'models/int8'],
    ...['outputs', 'remote', 'runs', 'runtime', 'sources', 'stream'],
  ],
  benchmark: [
    ...['devices', 'formats', 'images', 'job', 'model', 'models', 'outputs', 'runtime', 'sources', 'stream'],
  ],
  doctor: ['devices', 'hub', 'images', 'model', 'models', 'runtime'],
};

/** The rooms of `commands/`, which may import all of `src/`; `commands` stands for the commands themselves. */
const COMMAND_ROOMS: Readonly<Record<string, readonly string[]>> = {
  'commands/flags': [],
  'commands/report': [],
  'commands/support': ['commands/flags', 'commands/report'],
  commands: ['commands/flags', 'commands/report', 'commands/support'],
};

interface Import {
  readonly from: string; // a module, relative to the root of the repository
  readonly to: string; // likewise, or the name of a package
}

const SPECIFIER = /(?:^(?:import|export)\b[^;]*?\bfrom |^import |\bimport\()'([^']+)'/gm;

const modules = ['src', 'commands'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('_pb.ts') && !name.includes('/assembly/'))
    .map((name) => join(folder, name)),
);

function importsOf(module: string): Import[] {
  const text = readFileSync(join(ROOT, module), 'utf8');
  return [...text.matchAll(SPECIFIER)].map(([, name = '']) => ({
    from: module,
    to: name.startsWith('.') ? normalize(join(dirname(module), name.replace(/\.js$/, '.ts'))) : name,
  }));
}

const imports = modules.flatMap(importsOf);

function roomOf(module: string): string {
  const [top = '', ...folders] = dirname(module).split('/');
  if (top === 'commands') return ['commands', ...folders].join('/');
  const names = folders.map((_, i) => folders.slice(0, folders.length - i).join('/'));
  return names.find((name) => name in ROOMS) ?? folders[0] ?? 'src';
}

const isOwn = ({ to }: Import) => to.startsWith('src/') || to.startsWith('commands/');

function mayImport({ from, to }: Import): boolean {
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === other) return true;
  if (!from.startsWith('commands/')) return other === 'src' || (ROOMS[room]?.includes(other) ?? false);
  return to.startsWith('src/') || (COMMAND_ROOMS[room]?.includes(other) ?? false);
}

/** Returns the nodes of a graph that lie on a cycle, or between two cycles. */
function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const edges = [...graph].flatMap(([from, next]) => [...next].map((to) => [from, to] as const));
  for (;;) {
    const starts = new Set(edges.map(([from]) => from));
    const ends = new Set(edges.map(([, to]) => to));
    const kept = edges.filter(([from, to]) => ends.has(from) && starts.has(to));
    if (kept.length === edges.length) return [...starts];
    edges.splice(0, edges.length, ...kept);
  }
}

function graphOf(edges: readonly Import[]): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const { from, to } of edges) graph.set(from, (graph.get(from) ?? new Set()).add(to));
  return graph;
}

describe('rooms', () => {
  it('have imports that all resolve to modules', () => {
    assert.ok(modules.length > 300, `${modules.length} modules`);
    assert.ok(imports.filter(isOwn).length > 1000, `${imports.length} imports`);
    const missing = imports.filter(
      (one) => isOwn(one) && !modules.includes(one.to) && !one.to.endsWith('_pb.ts'),
    );
    assert.deepEqual(missing, []);
  });

  it('all appear in the table, which lists no others', () => {
    const found = new Set(modules.map(roomOf));
    assert.deepEqual([...found].sort(), [...Object.keys(ROOMS), ...Object.keys(COMMAND_ROOMS)].sort());
  });

  it('import only what the table allows', () => {
    const forbidden = imports.filter((one) => isOwn(one) && !mayImport(one));
    assert.deepEqual(
      forbidden.map(({ from, to }) => `${from} -> ${to}`),
      [],
    );
  });

  it('use everything that the table allows', () => {
    const used = new Set(imports.map(({ from, to }) => `${roomOf(from)} -> ${roomOf(to)}`));
    const allowed = Object.entries({ ...ROOMS, ...COMMAND_ROOMS }).flatMap(([room, others]) =>
      others.map((other) => `${room} -> ${other}`),
    );
    assert.deepEqual(
      allowed.filter((edge) => !used.has(edge)),
      [],
    );
  });

  it('have no import cycles, nor do their modules', () => {
    const rooms = Object.entries(ROOMS).map(([room, others]) => [room, new Set(others)] as const);
    assert.deepEqual(circles(new Map(rooms)), []);
    assert.deepEqual(circles(graphOf(imports.filter(isOwn))), []);
  });

  it('in src import neither oclif nor commands', () => {
    const known = imports.filter(
      ({ from, to }) => from.startsWith('src/') && (to.startsWith('@oclif/') || to.startsWith('commands/')),
    );
    assert.deepEqual(known, []);
  });

  it('with folders of more than five modules state their concept in one module, as in CONTRIBUTING.md', () => {
    const told = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    const folders = new Set(modules.map((module) => `${dirname(module)}/`));
    const modulesOf = (folder: string) => modules.filter((module) => `${dirname(module)}/` === folder);
    const large = [...folders].filter((folder) => modulesOf(folder).length > 5);
    assert.ok(large.length > 20, `${large.length} folders`);
    for (const folder of large) {
      const [, concept] = new RegExp(`^\\| \`${folder}\` \\| (.*) \\|$`, 'm').exec(told) ?? [];
      assert.ok(concept !== undefined, `${folder} has no line in CONTRIBUTING.md`);
      const heads = modulesOf(folder).filter((module) =>
        readFileSync(join(ROOT, module), 'utf8').startsWith(`// ${folder}: ${concept}\n`),
      );
      assert.equal(heads.length, 1, `modules of ${folder} that begin with what it is for: ${heads}`);
    }
  });
});

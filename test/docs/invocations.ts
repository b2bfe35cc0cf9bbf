import { GLOBAL_FLAGS } from '../../commands/flags/groups.js';
import { COMMANDS } from '../../commands/index.js';
import { blocksOf, isOutput, type Page, proseOf } from './pages.js';

// Flags of other programs that prose mentions.
const FOREIGN = [
  ...['--gpus', '--ignore-scripts', '--max-old-space-size', '--onnxruntime-node-install'],
  '--requeue',
];

const ALWAYS = [...GLOBAL_FLAGS.map(({ name }) => name), 'version'];

interface Flag {
  readonly options?: readonly string[];
  readonly allowNo?: boolean;
  readonly char?: string;
}

function flagsOf(command: string): ReadonlyMap<string, Flag> {
  const { flags = {} } = COMMANDS[command as keyof typeof COMMANDS] as { flags?: Record<string, Flag> };
  const named = Object.entries(flags).flatMap(([name, flag]) => [
    [`--${name}`, flag] as const,
    ...(flag.allowNo ? [[`--no-${name}`, flag] as const] : []),
    ...(flag.char === undefined ? [] : [[`-${flag.char}`, flag] as const]),
  ]);
  return new Map([...named, ...ALWAYS.map((name) => [`--${name}`, {}] as const)]);
}

/** Mistakes in the commands and flags that a page mentions. */
export function mistakesIn(page: Page): readonly string[] {
  return [...invocationsOf(page).flatMap(mistakesOf), ...unknownFlagsIn(proseOf(page))].map(
    (mistake) => `${page.name}: ${mistake}`,
  );
}

/** The words after `halonet` on a page, such as `classify photos --top-k 1`, up to the end of the shell command. */
export function invocationsOf(page: Page): readonly string[] {
  const blocks = blocksOf(page).filter((block) => !isOutput(block) && block.language !== 'json');
  const code = blocks.map(({ text }) => text.replaceAll(/\\\n\s*/g, '').replaceAll(/(^|\s)#.*$/gm, ''));
  const spans = [...proseOf(page).matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '');
  return [...code, ...spans].flatMap((text) =>
    [...text.matchAll(/(?<![\w/.-])halonet ([a-z][^|;&>\n)]*)/g)].map(([, words]) => words ?? ''),
  );
}

// The value of --emit with flags of a single output: "embed=unit.npy --normalize".
const EMITTED = /--emit "([a-z]+)=(\S+) ([^"]*)"/g;

function mistakesOf(invocation: string): readonly string[] {
  const emitted = [...invocation.matchAll(EMITTED)].map(([, command, , flags]) => `${command} ${flags}`);
  return [invocation.replace(EMITTED, '--emit $1=$2'), ...emitted].flatMap(mistakesOfOne);
}

function mistakesOfOne(invocation: string): readonly string[] {
  const [command = '', ...words] = invocation.trim().split(/\s+/);
  if (!Object.hasOwn(COMMANDS, command)) return [`halonet ${invocation}: there is no command ${command}`];
  const flags = flagsOf(command);
  return words.flatMap((word, i) => {
    const [name = '', value = words[i + 1]] = word.split('=');
    if (!/^--?[a-z]/.test(name)) return [];
    const flag = flags.get(name);
    if (flag === undefined) return [`halonet ${invocation}: there is no ${name}`];
    if (flag.options === undefined || value === undefined || flag.options.includes(value)) return [];
    return [`halonet ${invocation}: ${name} does not take ${value}`];
  });
}

function unknownFlagsIn(prose: string): readonly string[] {
  const known = new Set([...Object.keys(COMMANDS).flatMap((name) => [...flagsOf(name).keys()]), ...FOREIGN]);
  const spoken = [...prose.matchAll(/`[^`]*`/g)].flatMap(
    ([span]) => span.match(/(?<![\w-])--[a-z][a-z-]+/g) ?? [],
  );
  return [...new Set(spoken)].filter((flag) => !known.has(flag)).map((flag) => `there is no ${flag}`);
}

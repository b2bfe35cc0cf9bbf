import { wrap } from './wrap.js';

/** The facts about a command that its help shows. */
export interface CommandFacts {
  readonly name: string;
  readonly summary: string;
  readonly description: string; // paragraphs separated by empty lines
  readonly usage: string;
  readonly examples: readonly Example[];
  readonly args: readonly ArgFacts[];
  readonly flags: readonly FlagFacts[]; // in the order of their definitions
  readonly groups: readonly FlagGroup[]; // of the same flags
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
}

export interface Example {
  readonly description: string;
  readonly command: string;
}

export interface ArgFacts {
  readonly label: string; // INPUT...
  readonly description: string;
  readonly byDefault: string | undefined;
}

/** Flags that serve one purpose. */
export interface FlagGroup {
  readonly name: string;
  readonly purpose: string;
  readonly flags: readonly FlagFacts[];
}

export interface FlagFacts {
  readonly name: string;
  readonly char: string | undefined;
  readonly label: string; // --name, or --[no-]name
  readonly value: string | undefined; // undefined if it takes none
  readonly choices: readonly string[]; // of its value, if few and not already in it
  readonly summary: string | undefined; // one line for the first page; the description and the default if undefined
  readonly description: string;
  readonly byDefault: string | undefined;
  readonly required: boolean;
  readonly common: boolean; // shown first
}

/** The facts about the whole program. */
export interface ProgramFacts {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly commands: readonly Pick<CommandFacts, 'name' | 'summary'>[];
}

/** The layout of a page. */
export interface Page {
  readonly width: number; // of the terminal
  readonly heading: (text: string) => string; // styled for the terminal
}

const MAX_WIDTH = 100; // longer lines are hard to read
const INDENT = '  ';
const MAX_LABEL = 26; // the description of a longer one starts below it
const GAP = 2;

/** Renders one screen: examples, the most common flags, and the names of the others. */
export function firstPage(facts: CommandFacts, page: Page): string {
  const flags = facts.flags.filter(({ common }) => common);
  const further = furtherFlags(facts, page);
  return joined([
    ...opening(facts, page),
    section('ARGUMENTS', argRows(facts, page), page),
    section('FLAGS', columns(flags.map(shortRow), page), page),
    section(`MORE FLAGS (halonet ${facts.name} --help-all describes them)`, further, page),
    section('EXIT CODES', wrap(exitCodesText(facts.exitCodes), widthOf(page) - GAP), page),
  ]);
}

/** Renders everything: each flag, below the purpose of its group. */
export function fullPage(facts: CommandFacts, page: Page): string {
  const paragraphs = facts.description
    .split('\n\n')
    .flatMap((text, i) => [...(i > 0 ? [''] : []), ...wrap(text, widthOf(page) - GAP)]);
  return joined([
    ...opening(facts, page),
    section('DESCRIPTION', paragraphs, page),
    section('ARGUMENTS', argRows(facts, page), page),
    ...facts.groups.map(({ name, purpose, flags }) =>
      section(`${name.toUpperCase()}: ${purpose}`, columns(flags.map(fullRow), page), page),
    ),
    section(
      'EXIT CODES',
      columns(
        facts.exitCodes.map(([code, meaning]) => [String(code), meaning]),
        page,
      ),
      page,
    ),
  ]);
}

/** The examples of {@link programPage}. */
export const FIRST_USE: readonly Example[] = [
  {
    description: 'Try it without a download: the demo model recognises 16 shapes and textures',
    command: 'halonet classify photos --model demo',
  },
  {
    description: 'Classify a folder of images; the default model is downloaded once',
    command: 'halonet classify photos --output classes.csv',
  },
  {
    description: 'Embed a dataset as an array; the same command continues an interrupted run',
    command: 'halonet embed photos --output photos.npy --resume',
  },
  { description: 'Check what halonet can use on this machine', command: 'halonet doctor' },
];

const READ_MORE: readonly (readonly [string, string])[] = [
  ['halonet COMMAND --help', 'Examples and the most common flags of a command'],
  ['halonet COMMAND --help-all', 'Every flag of a command'],
  ['halonet --version', 'Versions of halonet and Node, and the platform'],
  ['README.md and docs/', 'Formats, long runs, failures, models, devices'],
];

/** Renders the overview: the commands, and where to begin. */
export function programPage({ name, version, summary, commands }: ProgramFacts, page: Page): string {
  return joined([
    [`${name} ${version}: ${summary}`].flatMap((text) => wrap(text, widthOf(page))).join('\n'),
    section('USAGE', [`${name} COMMAND [arguments] [flags]`], page),
    section('EXAMPLES', exampleLines(FIRST_USE, page), page),
    section(
      'COMMANDS',
      columns(
        commands.map((command) => [command.name, command.summary]),
        page,
      ),
      page,
    ),
    section('READ MORE', columns(READ_MORE, page), page),
  ]);
}

const widthOf = ({ width }: Page) => Math.min(width, MAX_WIDTH);

const joined = (sections: readonly string[]) => sections.filter((text) => text !== '').join('\n\n');

/** Renders lines below a heading; nothing if there are no lines. */
function section(heading: string, lines: readonly string[], page: Page): string {
  if (lines.length === 0) return '';
  const indented = lines.map((line) => (line === '' ? '' : INDENT + line));
  return [...wrap(heading, widthOf(page)).map(page.heading), ...indented].join('\n');
}

function opening({ summary, usage, examples }: CommandFacts, page: Page): readonly string[] {
  return [
    wrap(summary, widthOf(page)).join('\n'),
    section('USAGE', [usage], page),
    section('EXAMPLES', exampleLines(examples, page), page),
  ];
}

/** Never wraps a command, so that it can be copied. */
const exampleLines = (examples: readonly Example[], page: Page) =>
  examples.flatMap(({ description, command }) => [
    ...wrap(`${description}:`, widthOf(page) - GAP),
    INDENT + command,
  ]);

const argRows = ({ args }: CommandFacts, page: Page) =>
  columns(
    args.map(({ label, description, byDefault }) => [label, withDefault(description, byDefault)]),
    page,
  );

const shortRow = (flag: FlagFacts): readonly [string, string] =>
  flag.summary === undefined ? fullRow(flag) : [flagLabel(flag), flag.summary];

const fullRow = (flag: FlagFacts): readonly [string, string] => [
  flagLabel(flag),
  withDefault(withChoices(flag.description, flag.choices), flag.byDefault),
];

const flagLabel = ({ char, label, value }: FlagFacts) =>
  `${char === undefined ? '   ' : `-${char},`} ${label}${value === undefined ? '' : ` ${value}`}`;

/** Adds the choices, unless the text is about each of them. */
const withChoices = (text: string, choices: readonly string[]) =>
  choices.every((choice) => new RegExp(`\\b${choice}\\b`).test(text))
    ? text
    : `${text} (${choices.join(', ')})`;

const withDefault = (text: string, byDefault: string | undefined) =>
  byDefault === undefined ? text : `${text} [default: ${byDefault}]`;

/** Renders names on the left and descriptions on the right. */
function columns(rows: readonly (readonly [string, string])[], page: Page): readonly string[] {
  const lengths = rows.map(([label]) => label.length).filter((length) => length <= MAX_LABEL);
  const indent = Math.max(0, ...lengths) + GAP;
  const width = widthOf(page) - INDENT.length - indent;
  return rows.flatMap(([label, text]) => {
    const [first = '', ...rest] = wrap(text, width);
    const below = (label.length + GAP > indent ? [first, ...rest] : rest).map(
      (line) => ' '.repeat(indent) + line,
    );
    return label.length + GAP > indent ? [label, ...below] : [label.padEnd(indent) + first, ...below];
  });
}

/** Renders one line for each group of less common flags. */
function furtherFlags({ groups }: CommandFacts, page: Page): readonly string[] {
  const rows = groups.flatMap(({ name, flags }) => {
    const names = flags.filter(({ common }) => !common).map(({ label }) => label);
    return names.length === 0 ? [] : [[name, names.join(' ')] as const];
  });
  return columns(rows, page);
}

/** `0 done; 1 some images failed; 2 the command failed; 129, 130, 143 interrupted` */
function exitCodesText(codes: CommandFacts['exitCodes']): string {
  const plain = codes.filter(([code]) => code < SIGNALLED).map(([code, meaning]) => `${code} ${meaning}`);
  const signals = codes.map(([code]) => code).filter((code) => code >= SIGNALLED);
  if (signals.length > 0) plain.push(`${signals.join(', ')} interrupted`);
  return plain.join('; ');
}

const SIGNALLED = 128;

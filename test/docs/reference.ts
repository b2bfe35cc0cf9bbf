import { COMMANDS } from '../../commands/index.js';
import type { ArgFacts, CommandFacts, FlagFacts, FlagGroup } from '../../commands/report/help-text.js';
import { markdownTable } from '../../commands/report/table.js';
import { commandFacts } from '../../commands/support/command-facts.js';

/** The path of the reference in the repository. */
export const REFERENCE = 'docs/reference.md';

const HEAD = `# Command reference

Every command with its arguments, flags and exit codes. \`halonet COMMAND --help-all\` prints the same.

<!-- Written by \`node dist/test/docs/make-reference.js\`; edit the definitions in commands/ instead. -->`;

/** The reference as Markdown, from the metadata of the commands. */
export async function reference(): Promise<string> {
  const commands = await Promise.all(
    Object.entries(COMMANDS).map(([name, command]) => commandFacts(name, command)),
  );
  const contents = commands.map(({ name, summary }) => `- [\`${name}\`](#halonet-${name}): ${text(summary)}`);
  return `${[HEAD, contents.join('\n'), ...commands.map(commandSection)].join('\n\n')}\n`;
}

function commandSection(facts: CommandFacts): string {
  const { name, summary, description, usage, examples, args, groups, exitCodes } = facts;
  const lines = examples.flatMap(({ description, command }) => [`# ${description}`, command]);
  const codes = exitCodes.map(([code, meaning]) => ({ code: String(code), meaning }));
  return [
    `## halonet ${name}`,
    `${text(summary)}.`,
    `\`\`\`\n${usage}\n\`\`\``,
    text(description),
    `\`\`\`sh\n${lines.join('\n')}\n\`\`\``,
    ...(args.length > 0 ? [argTable(args)] : []),
    ...groups.map(groupSection),
    '### Exit codes',
    markdownTable(codes, [
      { title: 'code', cell: ({ code }) => code },
      { title: 'meaning', cell: ({ meaning }) => meaning },
    ]),
  ].join('\n\n');
}

const argTable = (args: readonly ArgFacts[]) =>
  markdownTable(args, [
    { title: 'argument', cell: ({ label }) => code(label) },
    { title: 'default', cell: ({ byDefault }) => (byDefault === undefined ? '' : code(byDefault)) },
    { title: 'description', cell: ({ description }) => text(description) },
  ]);

const groupSection = ({ name, purpose, flags }: FlagGroup) =>
  [
    `### ${name}: ${purpose}`,
    markdownTable(flags, [
      { title: 'flag', cell: flagText },
      { title: 'value', cell: valuesText },
      { title: 'default', cell: ({ byDefault = '' }) => defaultText(byDefault) },
      { title: 'description', cell: descriptionText },
    ]),
  ].join('\n\n');

const flagText = ({ char, label }: FlagFacts) =>
  char === undefined ? code(label) : `${code(`-${char}`)}, ${code(label)}`;

function valuesText({ value, choices }: FlagFacts): string {
  const values = choices.length > 0 ? choices : (value?.split('|') ?? []);
  return values.map(code).join(', ');
}

/** A default, as code unless it is prose. */
const defaultText = (text: string) => (text === '' || text.includes(' ') ? text : code(text));

const descriptionText = ({ description, required }: FlagFacts) =>
  text(required ? `${description} (required)` : description);

const code = (text: string): string => `\`${text}\``;

/** Prose with its flags and their values as code. */
const text = (prose: string) =>
  prose.replace(/(?<![\w-])--[a-z][a-z-]*( int8| [A-Z][\w.]*\w)?/g, code).replace(/[<>]/g, '\\$&');

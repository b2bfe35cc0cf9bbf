import type { Command } from '@oclif/core';
import { GLOBAL_FLAGS, type GlobalFlag, GROUPS, isCommon, isGroup } from '../flags/groups.js';
import type { ArgFacts, CommandFacts, FlagFacts, FlagGroup } from '../report/help-text.js';
import type { BaseCommand } from './base-command.js';

type Flag = Command.Class['flags'][string];
type Arg = Command.Class['args'][string];

/** Collects the facts about a command that its help shows. */
export async function commandFacts(name: string, command: typeof BaseCommand): Promise<CommandFacts> {
  const { summary = '', description = '', examples, exitCodes } = command;
  const args = await Promise.all(Object.entries(command.args ?? {}).map(argFacts));
  const flags = await Promise.all(Object.entries(command.flags ?? {}).map(groupedFlag));
  const all = [...flags, ...GLOBAL_FLAGS.map(globalFlag)];
  return {
    name,
    summary,
    description,
    usage: usageOf(name, args, all),
    examples,
    args,
    flags: all.map(({ flag }) => flag),
    groups: groupsOf(all),
    exitCodes: Object.entries(exitCodes).map(([code, meaning]) => [Number(code), meaning]),
  };
}

async function argFacts([name, arg]: [string, Arg]): Promise<ArgFacts> {
  const named = name.toUpperCase() + (arg.multiple ? '...' : '');
  return {
    label: arg.required ? named : `[${named}]`,
    description: arg.description ?? '',
    byDefault: await defaultOf(arg),
  };
}

interface Grouped {
  readonly group: string | undefined;
  readonly flag: FlagFacts;
}

async function groupedFlag([name, flag]: [string, Flag]): Promise<Grouped> {
  const { char, description = '', summary, required = false, helpGroup: group } = flag;
  const common = isCommon(flag);
  const shared = { name, char, summary, description, required, common };
  if (flag.type === 'boolean') {
    const { allowNo } = flag;
    const label = allowNo ? `--[no-]${name}` : `--${name}`;
    const byDefault = allowNo ? ((await helpOf(flag)) ?? (flag.default ? 'on' : 'off')) : undefined;
    return { group, flag: { ...shared, label, byDefault, value: undefined, choices: [] } };
  }
  const { options = [], helpValue = options.length > 0 ? options.join('|') : name.toUpperCase() } = flag;
  const value = String(helpValue);
  return {
    group,
    flag: {
      ...shared,
      label: `--${name}`,
      byDefault: await defaultOf(flag),
      value,
      choices: value.includes('|') ? [] : options,
    },
  };
}

const globalFlag = ({ name, char, description }: GlobalFlag): Grouped => ({
  group: 'General',
  flag: {
    name,
    char,
    label: `--${name}`,
    summary: undefined,
    description,
    value: undefined,
    choices: [],
    byDefault: undefined,
    required: false,
    common: false,
  },
});

/** Returns how help shows a default. */
async function defaultOf(it: { readonly default?: unknown }): Promise<string | undefined> {
  const value = (await helpOf(it)) ?? it.default;
  return value === undefined || typeof value === 'function' ? undefined : String(value);
}

/** The text that a flag's definition gives in place of its default value. */
async function helpOf(it: object): Promise<string | undefined> {
  return 'defaultHelp' in it && typeof it.defaultHelp === 'function'
    ? String(await it.defaultHelp())
    : undefined;
}

function groupsOf(flags: readonly Grouped[]): readonly FlagGroup[] {
  const lost = flags.filter(({ group }) => !isGroup(group));
  if (lost.length > 0) throw new Error(`flags without a group: ${lost.map(({ flag }) => flag.name)}`);
  return Object.entries(GROUPS).flatMap(([name, purpose]) => {
    const members = flags.flatMap(({ group, flag }) => (group === name ? [flag] : []));
    return members.length === 0 ? [] : [{ name, purpose, flags: members }];
  });
}

function usageOf(name: string, args: readonly ArgFacts[], flags: readonly Grouped[]): string {
  const required = flags.flatMap(({ flag }) => (flag.required ? [flag] : []));
  return [
    `halonet ${name}`,
    ...args.map(({ label }) => label),
    ...required.map(({ label, value }) => `${label} ${value}`),
    '[flags]',
  ].join(' ');
}

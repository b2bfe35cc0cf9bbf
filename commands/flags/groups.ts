/** What flags are for, by the name of their group, in the order of --help-all. */
export const GROUPS = {
  Results: 'what is computed for each image',
  Model: 'the network, its weights and its precision',
  Output: 'where results go',
  Resuming: 'continue or update an earlier run',
  Inputs: 'how inputs are read',
  Preprocessing: "how pixels reach the network; the model's own settings by default",
  Failures: 'which images fail, and how many may',
  Performance: 'the device, and how much runs at once',
  Measurements: 'what is measured, and how often',
  General: 'help and messages',
} as const;

type Group = keyof typeof GROUPS;

/** Puts a flag into a group, as a part of its definition. */
export const inGroup = (group: Group) => ({ helpGroup: group });

/** Puts a flag on the first page of help, as a part of its definition. */
export const COMMON = { common: true };

export const isGroup = (name: string | undefined): name is Group => name !== undefined && name in GROUPS;

export const isCommon = (flag: object): boolean => 'common' in flag && flag.common === true;

/** A flag that is not parsed by a command: the command line takes it before, wherever it stands. */
export interface GlobalFlag {
  readonly name: string;
  readonly char?: string;
  readonly description: string;
}

/** The flags of every command. */
export const GLOBAL_FLAGS: readonly GlobalFlag[] = [
  { name: 'no-color', description: 'Do not colour messages or help' },
  { name: 'help', char: 'h', description: 'Show the most common flags' },
  { name: 'help-all', description: 'Show every flag' },
];

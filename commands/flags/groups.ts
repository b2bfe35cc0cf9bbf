/** The purpose of each flag group, by group name, in the order of --help-all. */
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

/** Adds a group to the definition of a flag. */
export const inGroup = (group: Group) => ({ helpGroup: group });

/** Marks a flag for the first page of help. */
export const COMMON = { common: true };

export const isGroup = (name: string | undefined): name is Group => name !== undefined && name in GROUPS;

export const isCommon = (flag: object): boolean => 'common' in flag && flag.common === true;

/** A flag that the command line handles before oclif parses it, wherever it stands. */
export interface GlobalFlag {
  readonly name: string;
  readonly char?: string;
  readonly description: string;
}

/** The flags that every command has. */
export const GLOBAL_FLAGS: readonly GlobalFlag[] = [
  { name: 'no-color', description: 'Do not colour messages or help' },
  { name: 'help', char: 'h', description: 'Show the most common flags' },
  { name: 'help-all', description: 'Show every flag' },
];

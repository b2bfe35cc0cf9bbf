/** What each exit code of a command means. */
export type ExitCodes = Readonly<Record<number, string>>;

/** Exit codes of commands that fail. */
export const FAILED = 1;
export const COULD_NOT_RUN = 2;

/** Exit codes after a signal: 128 plus its number, as in shells. */
export const INTERRUPTED: ExitCodes = {
  129: 'interrupted by SIGHUP',
  130: 'interrupted by SIGINT (Ctrl-C)',
  143: 'interrupted by SIGTERM',
};

/** For a command that ends at once. */
export const PLAIN_EXIT_CODES: ExitCodes = { 0: 'done', 2: 'the command failed' };

/** For a command that runs for a while. */
export const RUN_EXIT_CODES: ExitCodes = { ...PLAIN_EXIT_CODES, ...INTERRUPTED };

/** For a command that writes a row per image. */
export const JOB_EXIT_CODES: ExitCodes = {
  ...RUN_EXIT_CODES,
  1: 'some images failed',
};

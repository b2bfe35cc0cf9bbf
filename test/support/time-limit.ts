/**
 * For every process that a test starts: one that hangs becomes a failure, not a CI that waits. mocha's own limit is lower, but
 * cannot end a process.
 */
export const TIME_LIMIT = { timeout: 330_000, killSignal: 'SIGKILL' } as const; // ms

/**
 * A limit for every process that a test starts: one that hangs fails instead of blocking CI. mocha's own limit is
 * lower, but cannot end a process.
 */
export const TIME_LIMIT = { timeout: 330_000, killSignal: 'SIGKILL' } as const; // ms

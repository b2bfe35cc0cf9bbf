import type { Host } from '../../src/runtime/devices.js';

/** The machine that this process runs on. */
export const host = (): Host => ({
  platform: process.platform,
  arch: process.arch,
  env: process.env,
  root: '/',
});

import type { Host } from '../../src/runtime/devices.js';

/** The machine that this process runs on. Its environment excludes what bin/halonet.cjs added. */
export function host(): Host {
  const defaults = process.env.HALONET_DEFAULTS?.split(' ') ?? [];
  const own = Object.entries(process.env).filter(([name]) => !defaults.includes(name));
  return { platform: process.platform, arch: process.arch, env: Object.fromEntries(own), root: '/' };
}

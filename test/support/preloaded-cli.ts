import { type FsPlan, PLAN_VARIABLE } from './fs-preload.js';

const PRELOAD = new URL('./fs-preload.js', import.meta.url).href;

/** Returns the environment that makes the command line follow a plan. */
export function withPlan(plan: FsPlan): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${PRELOAD}`,
    [PLAN_VARIABLE]: JSON.stringify(plan),
    UV_THREADPOOL_SIZE: '4', // preloading a module fixes it before bin/halonet.cjs can
  };
}

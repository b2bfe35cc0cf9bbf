// commands/: one module per command: turns flags into options, and events into lines and exit codes; no logic of its own

import Benchmark from './benchmark.js';
import Classify from './classify.js';
import Convert from './convert.js';
import Doctor from './doctor.js';
import Embed from './embed.js';
import Features from './features.js';
import Inspect from './inspect.js';
import Models from './models.js';
import Retry from './retry.js';
import Run from './run.js';
import Verify from './verify.js';

/** Every command by name, roughly in the order of use. Commands import their dependencies when they run, to keep --help fast. */
export const COMMANDS = {
  classify: Classify,
  embed: Embed,
  features: Features,
  run: Run,
  retry: Retry,
  verify: Verify,
  models: Models,
  inspect: Inspect,
  convert: Convert,
  doctor: Doctor,
  benchmark: Benchmark,
};

// commands/: one module a command: flags to options, events to lines and exit codes, no logic of its own

import Benchmark from './benchmark.js';
import Classify from './classify.js';
import Convert from './convert.js';
import Doctor from './doctor.js';
import Embed from './embed.js';
import Features from './features.js';
import Inspect from './inspect.js';
import Models from './models.js';
import Retry from './retry.js';
import Verify from './verify.js';

/** Every command by its name, in an order of use. Commands load what they run with when they run, so that --help stays quick. */
export const COMMANDS = {
  classify: Classify,
  embed: Embed,
  features: Features,
  retry: Retry,
  verify: Verify,
  models: Models,
  inspect: Inspect,
  convert: Convert,
  doctor: Doctor,
  benchmark: Benchmark,
};

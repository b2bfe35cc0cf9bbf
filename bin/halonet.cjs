#!/usr/bin/env node
// CommonJS, because libuv sizes its thread pool when it is first used, and on Node 20 that is the loading of the
// first ES module. Images are decoded in that pool.
const { availableParallelism } = require('node:os');

const defaults = {
  UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism() + 2)),
  // ONNX Runtime 1.30 would collect usage, write under the home directory and call home. Its collector also overflows
  // the stack when the command line is long, as a shell makes it of photos/*.jpg.
  ORT_DISABLE_TELEMETRY: '1',
};
const unset = Object.keys(defaults).filter((name) => !process.env[name]);
for (const name of unset) process.env[name] = defaults[name];
process.env.HALONET_DEFAULTS ??= unset.join(' '); // for halonet doctor: these are nobody's settings

import('@oclif/core')
  .then(({ execute }) => execute({ dir: __dirname }))
  .catch((error) => {
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 2;
  });

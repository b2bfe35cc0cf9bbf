#!/usr/bin/env node
// CommonJS, because libuv sizes its thread pool when it is first used, and on Node 20 that is the loading of the
// first ES module. Images are decoded in that pool.
const { availableParallelism } = require('node:os');

process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism() + 2));

// ONNX Runtime 1.30 would collect usage, write under the home directory and call home. Its collector also overflows
// the stack when the command line is long, as a shell makes it of photos/*.jpg.
process.env.ORT_DISABLE_TELEMETRY ??= '1';

import('@oclif/core')
  .then(({ execute }) => execute({ dir: __dirname }))
  .catch((error) => {
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 2;
  });

#!/usr/bin/env node
// CommonJS, because libuv reads the size of its thread pool on first use, and on Node 20 loading the first ES
// module already does that. Images are decoded in that pool.
const { availableParallelism } = require('node:os');

const COULD_NOT_RUN = 2;
const PATIENCE = 10_000; // ms; terminating a thread in the middle of a batch would abort the process

const defaults = {
  UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism() + 2)),
  // ONNX Runtime 1.30 would otherwise collect usage data, write to the home directory and send telemetry. Its
  // collector also overflows the stack on long command lines, such as an expanded photos/*.jpg.
  ORT_DISABLE_TELEMETRY: '1',
  // AWS's SDK would otherwise print a notice about the versions of Node that it will support.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};
const unset = Object.keys(defaults).filter((name) => !process.env[name]);
for (const name of unset) process.env[name] = defaults[name];
process.env.HALONET_DEFAULTS ??= unset.join(' '); // tells halonet doctor that the user did not set these

// Used until the modules with better failure reports are loaded. If files cannot be opened, they never load.
let report = ({ message }) => {
  process.stderr.write(
    `error: halonet cannot be loaded: ${message}\n` +
      '  Install halonet again, or raise the limit of open files, which ulimit -Hn shows: 1024 is enough.\n',
  );
};
let reportUnfinished = () => process.stderr.write('error: halonet stopped before it was done\n');
let settleThreads = () => {};
let ended = false;

function end(error) {
  ended = true;
  report(error);
  settleThreads(PATIENCE);
  process.exit(COULD_NOT_RUN);
}

// Node would exit with 1, which means that the run finished but some images failed.
process.on('uncaughtException', end);
process.on('exit', () => {
  if (ended) return;
  reportUnfinished();
  process.exitCode = COULD_NOT_RUN;
});

import('../dist/commands/main.js')
  .then((main) => {
    ({ reportFailure: report, reportUnfinished, settleThreads } = main);
    return main.runCommandLine(__dirname);
  })
  .then(() => {
    ended = true;
  }, end);

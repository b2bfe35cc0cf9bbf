#!/usr/bin/env node
// CommonJS, because libuv sizes its thread pool when it is first used, and on Node 20 that is the loading of the
// first ES module. Images are decoded in that pool.
const { availableParallelism } = require('node:os');

const COULD_NOT_RUN = 2;
const PATIENCE = 10_000; // ms: a thread that is ended in the middle of a batch would abort the process

const defaults = {
  UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism() + 2)),
  // ONNX Runtime 1.30 would collect usage, write under the home directory and call home. Its collector also overflows
  // the stack when the command line is long, as a shell makes it of photos/*.jpg.
  ORT_DISABLE_TELEMETRY: '1',
};
const unset = Object.keys(defaults).filter((name) => !process.env[name]);
for (const name of unset) process.env[name] = defaults[name];
process.env.HALONET_DEFAULTS ??= unset.join(' '); // for halonet doctor: these are nobody's settings

// Until the modules that report failures better are loaded. Where files cannot be opened, they never are.
let report = ({ message }) => {
  process.stderr.write(
    `error: halonet cannot be loaded: ${message}\n` +
      '  Install halonet again, or raise the limit of open files, which ulimit -Hn shows: 1024 is enough.\n',
  );
};
let settleThreads = () => {};
let ended = false;

function end(error) {
  ended = true;
  report(error);
  settleThreads(PATIENCE);
  process.exit(COULD_NOT_RUN);
}

// Node would exit with 1, which says that the run finished and some images failed.
process.on('uncaughtException', end);
process.on('exit', () => {
  if (ended) return;
  process.stderr.write('error: halonet stopped before it was done\n');
  process.exitCode = COULD_NOT_RUN;
});

import('../dist/commands/main.js')
  .then((main) => {
    ({ reportFailure: report, settleThreads } = main);
    return main.runCommandLine(__dirname);
  })
  .then(() => {
    ended = true;
  }, end);

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Host } from './devices.js';

const require = createRequire(import.meta.url);

/** The folder of onnxruntime-node. */
const folder = () => dirname(dirname(require.resolve('onnxruntime-node')));

/** The folder of its native libraries for a platform. */
export const librariesFolder = ({ platform, arch }: Host): string =>
  join(folder(), 'bin', 'napi-v6', platform, arch);

/** onnxruntime-node's version. */
export const runtimeVersion = (): string => require('onnxruntime-node/package.json').version;

/** The command that downloads its CUDA libraries, which are too large for the npm package. */
export const installCommand = (): string =>
  `node ${join(folder(), 'script', 'install.js')} --onnxruntime-node-install`;

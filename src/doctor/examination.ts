import type { CachedRepo } from '../hub/cached-repos.js';
import type { ImageFormats } from '../images/formats.js';
import type { DeviceReport } from './devices.js';

/** What halonet finds on the machine it runs on. */
export interface Examination {
  readonly versions: Readonly<Record<'halonet' | 'node' | 'onnxruntime-node', string>>;
  readonly machine: {
    readonly system: string;
    readonly arch: string;
    readonly cpu: {
      readonly model: string;
      readonly cores: number;
      readonly usable: number; // by this process
      readonly limit: number | undefined; // of the container, in CPUs of time
      readonly features: readonly string[] | undefined;
      readonly int8: string; // the gain from 8-bit products
    };
    readonly memory: {
      readonly total: number; // bytes
      readonly available: number;
      readonly limit: number | undefined; // of the container
    };
  };
  readonly devices: readonly DeviceReport[];
  readonly images: ImageFormats | { readonly problem: string }; // if sharp cannot be loaded
  readonly cache: { readonly folder: string; readonly models: readonly CachedRepo[] };
  readonly environment: Readonly<Record<string, string>>;
  readonly advice: readonly string[];
}

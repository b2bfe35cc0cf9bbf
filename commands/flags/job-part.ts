import type { FileOutputs } from '../../src/job/options.js';

/** What a command adds to the shared flags: the model outputs it needs, and how rows become files. */
export type JobPart = Pick<FileOutputs, 'requests' | 'layout'> &
  Pick<FileOutputs['destination'], 'arrangement'>;

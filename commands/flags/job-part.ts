import type { FileOutput } from '../../src/job/options.js';

/** What a command adds to the shared flags: the model outputs it needs, and how rows become files. */
export type JobPart = Omit<FileOutput, 'output'>;

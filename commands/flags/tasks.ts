import { classifyFlags, classifyPart } from './classify-flags.js';
import { embedFlags, embedPart } from './embed-flags.js';
import { featuresFlags, featuresPart } from './features-flags.js';
import type { SharedFlags, sharedFlags } from './flags.js';
import type { JobPart } from './job-part.js';

/** A job command: its flags, and what they ask for. */
export interface Task {
  readonly flags: typeof sharedFlags;
  /** @param flags the parsed flags of this task */
  part(flags: SharedFlags, settled: boolean): Promise<JobPart>;
}

/** The job commands by name. */
export const TASKS: Readonly<Record<'classify' | 'embed' | 'features', Task>> = {
  classify: { flags: classifyFlags, part: classifyPart },
  embed: { flags: embedFlags, part: embedPart },
  features: { flags: featuresFlags, part: featuresPart },
};

import type { Bound } from './report.js';

export interface Stages {
  readonly session: number; // images/s, alone
  readonly decode: number; // images/s, alone, with as many decoders as a job can have
  readonly decodeSeconds: number; // of one image on one core
  readonly pipeline: number; // images/s
  readonly threads: number; // of the session; 0 on a GPU
  readonly cores: number; // that the stages share
}

// Below this part of what the stages allow together, neither of them explains the rate.
const EXPLAINED = 0.85;

/**
 * Says what bounds a pipeline whose stages share the cores of a CPU, or of which one has a GPU to itself.
 *
 * An image takes `min(threads, cores) / session` core-seconds of inference and `decodeSeconds` of decoding, and no stage is
 * faster in company than alone: the pipeline can at best do
 * min(session, decode, cores / (min(threads, cores) / session + decodeSeconds)).
 */
export function boundOf(stages: Stages): Bound {
  const { session, decode, decodeSeconds, pipeline, threads, cores } = stages;
  const inferenceCores = Math.min(threads, cores); // more threads than cores take turns on them
  const work = inferenceCores / session + decodeSeconds;
  const limit = Math.min(session, decode, cores / work);
  // On a GPU the stages do not take from each other: the slower one counts.
  const inference = inferenceCores > 0 ? inferenceCores / session / work : decode / (session + decode);
  return { session, decode, limit, inference, stage: stageOf(pipeline / limit, inference) };
}

function stageOf(ofLimit: number, inference: number): Bound['stage'] {
  if (ofLimit < EXPLAINED) return 'neither';
  return inference >= 0.5 ? 'inference' : 'decoding';
}

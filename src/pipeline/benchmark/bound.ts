import type { Bound } from './report.js';

export interface Stages {
  readonly session: number; // images/s, alone
  readonly decode: number; // images/s, alone, with as many decoders as in the pipeline
  readonly decodeSeconds: number; // of one image on one core
  readonly pipeline: number; // images/s
  readonly threads: number; // of the session
  readonly cores: number; // that the stages share
}

// Below this part of what the stages allow together, neither of them explains the rate.
const EXPLAINED = 0.85;

/**
 * Says what bounds a pipeline whose stages share the cores of a CPU.
 *
 * An image takes `threads / session` core-seconds of inference and `decodeSeconds` of decoding, and no stage is faster in
 * company than alone: the pipeline can at best do min(session, decode, cores / (threads / session + decodeSeconds)).
 */
export function boundOf({ session, decode, decodeSeconds, pipeline, threads, cores }: Stages): Bound {
  const inferenceSeconds = threads / session;
  const work = inferenceSeconds + decodeSeconds;
  const limit = Math.min(session, decode, cores / work);
  const inference = inferenceSeconds / work;
  return { session, decode, limit, inference, stage: stageOf(pipeline / limit, inference) };
}

function stageOf(ofLimit: number, inference: number): Bound['stage'] {
  if (ofLimit < EXPLAINED) return 'neither';
  return inference >= 0.5 ? 'inference' : 'decoding';
}

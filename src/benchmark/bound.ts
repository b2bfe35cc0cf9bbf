import type { Bound } from './report.js';

export interface Stages {
  readonly session: number; // images/s, alone
  readonly decode: number; // images/s, alone, with the most decoders that a job can use
  readonly decodeSeconds: number; // of one image on one core
  readonly pipeline: number; // images/s
  readonly threads: number; // of the session; 0 on a GPU
  readonly cores: number; // shared by the stages
}

// Below this fraction of their joint limit, neither stage explains the rate.
const EXPLAINED = 0.85;

/**
 * Determines what bounds a pipeline whose stages share the cores of a CPU, or of which one has a GPU to itself.
 *
 * An image takes `min(threads, cores) / session` core-seconds of inference and `decodeSeconds` of decoding, and no
 * stage runs faster together with others than alone. The pipeline therefore reaches at most min(session, decode,
 * cores / (min(threads, cores) / session + decodeSeconds)).
 */
export function boundOf(stages: Stages): Bound {
  const { session, decode, decodeSeconds, pipeline, threads, cores } = stages;
  const inferenceCores = Math.min(threads, cores); // surplus threads share the cores
  const work = inferenceCores / session + decodeSeconds;
  const limit = Math.min(session, decode, cores / work);
  // On a GPU the stages do not compete: the slower one sets the limit.
  const inference = inferenceCores > 0 ? inferenceCores / session / work : decode / (session + decode);
  return { session, decode, limit, inference, stage: stageOf(pipeline / limit, inference) };
}

function stageOf(ofLimit: number, inference: number): Bound['stage'] {
  if (ofLimit < EXPLAINED) return 'neither';
  return inference >= 0.5 ? 'inference' : 'decoding';
}

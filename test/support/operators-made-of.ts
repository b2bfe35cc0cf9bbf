import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { InferenceSession } from 'onnxruntime-node';
import { ModelProtoSchema } from '../../src/formats/onnx/onnx_pb.js';

/**
 * Counts the operators that ONNX Runtime turns a model into when it loads it: those common to all CPUs, before it
 * chooses memory layouts for this one.
 */
export async function operatorsMadeOf(onnx: Uint8Array): Promise<Readonly<Record<string, number>>> {
  const folder = await mkdtemp(join(tmpdir(), 'halonet-operators-'));
  try {
    const path = join(folder, 'optimized.onnx');
    const session = await InferenceSession.create(onnx, {
      optimizedModelFilePath: path,
      graphOptimizationLevel: 'extended',
      intraOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    await session.release();
    const counts: Record<string, number> = {};
    for (const { opType } of fromBinary(ModelProtoSchema, await readFile(path)).graph?.node ?? []) {
      counts[opType] = (counts[opType] ?? 0) + 1;
    }
    return counts;
  } finally {
    await rm(folder, { recursive: true });
  }
}

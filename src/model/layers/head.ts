import { int } from '../graph-builder.js';
import type { FeatureMap, Net } from './net.js';

/** The values at the end of a network. */
export interface HeadValues {
  readonly embedding: string; // [batch, features], timm's pre-logits
  readonly features: number;
  readonly logits: string | undefined; // [batch, classes]; undefined without a classifier
  readonly classes: number;
}

type Head = (net: Net, x: FeatureMap, numClasses: number) => HeadValues;

/** Global average pooling and a linear layer (timm's `ClassifierHead`). */
const classifier: Head = (net, x, numClasses) => {
  const { graph, weights } = net;
  const pooled = graph.add('head.global_pool', 'GlobalAveragePool', [x.name]);
  const embedding = graph.add('head.flatten', 'Flatten', [pooled], { axis: int(1) });
  const features = x.channels;
  if (numClasses === 0) return { embedding, features, logits: undefined, classes: 0 };
  const weight = weights.take('head.fc.weight', [numClasses, features]);
  const bias = weights.take('head.fc.bias', [numClasses]);
  const logits = graph.add(
    'head.fc',
    'Gemm',
    [
      embedding,
      graph.floats('head.fc.weight', [numClasses, features], weight),
      graph.floats('head.fc.bias', [numClasses], bias),
    ],
    { transB: int(1) },
  );
  return { embedding, features, logits, classes: numClasses };
};

/** Heads by the names that timm's `head_type` takes. */
export const HEADS: Readonly<Record<string, Head>> = { classifier };

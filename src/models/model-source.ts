import type { BuiltModel } from '../model/build.js';
import type { ModelConfig } from '../model/config-file/parse.js';
import type { OutputRequest } from '../model/outputs.js';
import type { EvaluationOverrides } from './preprocessing.js';

/** What is known of a model besides its network. */
export type ModelFacts = Pick<
  ModelConfig,
  'architecture' | 'numClasses' | 'labelNames' | 'labelDescriptions' | 'pretrained'
>;

/** The element types of a model's weights. */
export type Precision = 'fp32' | 'fp16';

/** The precisions that a model can run in. */
export type RunPrecision = Precision | 'int8';

/** A model that can build graphs. */
export interface ModelSource {
  readonly config: ModelFacts;
  readonly path: string; // of the file that holds the weights
  readonly network: unknown; // what its graphs depend on besides that file, for JSON
  readonly precision: Precision; // of the graphs it makes
  readonly outputs: readonly string[]; // the most useful ones, or all there are
  /**
   * @throws ModelError if there is no such output, or the model cannot be used with these settings
   * @throws FormatError if the model is damaged
   */
  readonly build: (outputs: readonly OutputRequest[], overrides: EvaluationOverrides) => BuiltModel;
}

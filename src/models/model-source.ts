import type { BuiltModel } from '../model/build.js';
import type { ModelConfig } from '../model/config-file/parse.js';
import type { OutputRequest } from '../model/outputs.js';
import type { EvaluationOverrides } from './preprocessing.js';

/** What is known of a model besides its network. */
export type ModelFacts = Pick<
  ModelConfig,
  'architecture' | 'numClasses' | 'labelNames' | 'labelDescriptions' | 'pretrained'
>;

/** Element types of a model's weights. */
export type Precision = 'fp32' | 'fp16';

/** What a model is run in. */
export type RunPrecision = Precision | 'int8';

/** A model that graphs can be made of. */
export interface ModelSource {
  readonly config: ModelFacts;
  readonly path: string; // of the file that holds the weights
  readonly network: unknown; // what its graphs follow from besides that file, for JSON
  readonly precision: Precision; // of the graphs it makes
  readonly outputs: readonly string[]; // the ones of most use, or all that there are
  /**
   * @throws ModelError when there is no such output, or the model cannot be used with these settings
   * @throws FormatError when the model is damaged
   */
  readonly build: (outputs: readonly OutputRequest[], overrides: EvaluationOverrides) => BuiltModel;
}

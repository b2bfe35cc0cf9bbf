import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** What timm knows about one model; see fixtures/checkpoints.README.md. */
export interface TimmModel {
  readonly module: 'byoanet' | 'byobnet';
  readonly parameters: number;
  readonly num_features: number;
  readonly head_hidden_size: number;
  readonly feature_info: readonly {
    readonly num_chs: number;
    readonly reduction: number;
    readonly module: string;
  }[];
  readonly tags: Readonly<Record<string, TimmTag>>; // '' repeats the default, which comes next
  readonly tensors: Readonly<Record<string, readonly number[]>>; // shape by name
}

export interface TimmTag {
  readonly hf_hub_id?: string; // missing: no weights
  readonly input_size: readonly [number, number, number]; // channels, height, width
  readonly fixed_input_size: boolean;
  readonly interpolation: string;
  readonly crop_pct: number;
  readonly crop_mode: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly num_classes: number;
  readonly license: string;
}

/** Every model of timm's byoanet and byobnet, by name. */
export const TIMM_MODELS = JSON.parse(
  gunzipSync(readFileSync('fixtures/checkpoints.json.gz')).toString('utf8'),
) as Readonly<Record<string, TimmModel>>;

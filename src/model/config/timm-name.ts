import { ModelError } from '../../errors.js';
import { nearest } from '../../spelling.js';
import type { Tag } from './architectures/architecture.js';
import { ARCHITECTURES, defaultTag } from './architectures/index.js';
import type { ByoModelCfg } from './byo-cfg.js';

/** A published checkpoint by its timm name, such as `halonet50ts.a1h_in1k`. */
export interface TimmName {
  readonly name: string; // architecture and tag
  readonly architecture: string;
  readonly tag: string;
  readonly details: Tag;
  readonly cfg: ByoModelCfg; // of the architecture
}

/** The published checkpoints, and the models that timm defines without weights, sorted by name. */
export function timmNames(): readonly TimmName[] {
  return Object.entries(ARCHITECTURES).flatMap(([architecture, { cfg, tags }]) =>
    Object.entries(tags).map(([tag, details]) => ({
      name: `${architecture}.${tag}`,
      architecture,
      tag,
      details,
      cfg,
    })),
  );
}

/**
 * Parses a timm name; a bare architecture means its default tag, as in timm.
 *
 * @throws ModelError for an architecture or tag that timm does not have, with the closest ones
 */
export function parseTimmName(given: string): TimmName {
  const [architecture = '', ...rest] = given.split('.');
  const known = Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
  if (known === undefined) {
    throw new ModelError(`unknown model ${JSON.stringify(given)}`, {
      hint: `Did you mean ${nearest(architecture, Object.keys(ARCHITECTURES)).join(', ')}? halonet models lists all; a path to a checkpoint and "demo" are models too.`,
    });
  }
  const tag = rest.length === 0 ? defaultTag(known) : rest.join('.');
  const details = Object.hasOwn(known.tags, tag) ? known.tags[tag] : undefined;
  if (details === undefined) {
    throw new ModelError(
      `unknown model ${JSON.stringify(given)}: ${architecture} has no tag ${JSON.stringify(tag)}`,
      {
        hint: `Known: ${Object.keys(known.tags)
          .map((name) => `${architecture}.${name}`)
          .join(', ')}.`,
      },
    );
  }
  return { name: `${architecture}.${tag}`, architecture, tag, details, cfg: known.cfg };
}

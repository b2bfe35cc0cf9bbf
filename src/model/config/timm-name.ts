import { ModelError } from '../../errors.js';
import { closestName } from '../../spelling.js';
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
 * @param where what names the architecture of a checkpoint, for errors; without it, the name is that of a model
 * @throws ModelError for an architecture or tag that halonet does not have, with the closest one
 */
export function parseTimmName(given: string, where?: string): TimmName {
  const [architecture = '', ...rest] = given.split('.');
  const known = Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
  if (known === undefined) {
    throw where === undefined ? unknownModel(given, architecture) : unknownArchitecture(architecture, where);
  }
  const tag = rest.length === 0 ? defaultTag(known) : rest.join('.');
  const details = Object.hasOwn(known.tags, tag) ? known.tags[tag] : undefined;
  if (details === undefined) {
    const names = Object.keys(known.tags).map((name) => `${architecture}.${name}`);
    throw new ModelError(
      `${where ?? `unknown model ${JSON.stringify(given)}`}: ${architecture} has no tag ${JSON.stringify(tag)}`,
      { hint: `Known: ${names.join(', ')}.` },
    );
  }
  return { name: `${architecture}.${tag}`, architecture, tag, details, cfg: known.cfg };
}

function unknownModel(given: string, architecture: string): ModelError {
  return new ModelError(`unknown model ${JSON.stringify(given)}`, {
    hint:
      suggestion(architecture) ??
      "halonet runs timm's BYOBNet and BYOANet models (see halonet models), demo, and checkpoint files.",
  });
}

/**
 * Returns the error for an architecture that halonet does not have.
 *
 * @param where what names it
 */
export function unknownArchitecture(architecture: string, where: string): ModelError {
  return new ModelError(`${where}: halonet has no architecture ${JSON.stringify(architecture)}`, {
    hint:
      suggestion(architecture) ??
      "It has timm's BYOBNets and BYOANets: the names before the dot in halonet models, such as halonet50ts.",
  });
}

function suggestion(architecture: string): string | undefined {
  const close = closestName(architecture, Object.keys(ARCHITECTURES));
  return close === undefined ? undefined : `Did you mean ${close}?`;
}

// src/model/config/architectures/: timm's architectures and their published checkpoints, one module per family

import type { Architecture, Family } from './architecture.js';
import { BOTNETS } from './botnet.js';
import { CLIP_RESNETS } from './clip-resnet.js';
import { GERNETS } from './gernet.js';
import { HALONETS } from './halonet.js';
import { LAMBDA_RESNETS } from './lambda-resnet.js';
import { MIXED_ATTN_NETS } from './mixed-attn.js';
import { MOBILEONES } from './mobileone.js';
import { REGNETZS } from './regnetz.js';
import { REPVGGS } from './repvgg.js';
import { RESNETS_Q } from './resnet-q.js';
import { RESNETS_TS } from './resnet-ts.js';
import { TEST_BYOBNETS } from './test-byobnet.js';

const families: Family = {
  ...HALONETS,
  ...BOTNETS,
  ...LAMBDA_RESNETS,
  ...MIXED_ATTN_NETS,
  ...GERNETS,
  ...REPVGGS,
  ...RESNETS_Q,
  ...RESNETS_TS,
  ...REGNETZS,
  ...MOBILEONES,
  ...CLIP_RESNETS,
  ...TEST_BYOBNETS,
};

const { compare } = new Intl.Collator('en', { numeric: true }); // d8 before d32

/** Every architecture of timm/models/byoanet.py and byobnet.py, sorted by name. */
export const ARCHITECTURES: Readonly<Record<string, Architecture>> = Object.fromEntries(
  Object.entries(families).sort(([a], [b]) => compare(a, b)),
);

/** Returns the tag that an architecture's bare name means, as in timm. */
export function defaultTag({ tags }: Architecture): string {
  const [first] = Object.keys(tags);
  if (first === undefined) throw new RangeError('an architecture has a tag at least');
  return first;
}

// src/model/layers/channel-attn/: channel and spatial attention, one module each

import { asChannelAttn } from '../adapted-attn.js';
import { halo } from '../self-attn/halo-attn.js';
import { lambda } from '../self-attn/lambda-attn.js';
import type { ChannelAttnFactory } from './attn-kwargs.js';
import { cbam, lcbam } from './cbam.js';
import { coord, ela, scoord, strip } from './coord-attn.js';
import { ceca, eca, ecam } from './eca.js';
import { ge } from './gather-excite.js';
import { gc, gca } from './global-context.js';
import { bat, nl } from './non-local.js';
import { sk } from './selective-kernel.js';
import { splat } from './split-attn.js';
import { ese, se } from './squeeze-excite.js';

/** Channel attention by its names in timm's `attn_layer` (timm/layers/create_attn.py). */
export const CHANNEL_ATTN: Readonly<Record<string, ChannelAttnFactory>> = {
  se,
  ese,
  eca,
  ecam,
  ceca,
  ge,
  gc,
  gca,
  cbam,
  lcbam,
  coord,
  scoord,
  ela,
  strip,
  sk,
  splat,
  nl,
  bat,
  halo: asChannelAttn(halo),
  lambda: asChannelAttn(lambda),
};

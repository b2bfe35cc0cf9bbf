import { emitFlag } from './emit-flag.js';
import { commonFlags } from './flags.js';
import { COMMON } from './groups.js';

/** The flags of `halonet run`. */
export const runFlags = {
  emit: emitFlag({
    ...COMMON,
    multiple: true,
    multipleNonGreedy: true,
    required: true,
    summary: 'An output of classify, embed or features; repeat for more',
    description:
      'An output: classify, embed or features, = and the path. Flags of that command for the results and the format may follow in quotes: "embed=photos.npy --normalize". Repeat for more outputs',
  }),
  ...commonFlags,
};

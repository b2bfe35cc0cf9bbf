import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** The facts about a process that decide whether a stream is coloured. */
export interface ColourSettings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly argv: readonly string[];
}

export const NO_COLOUR_FLAG = '--no-color';

/**
 * Returns whether to colour text on a stream. Terminals are coloured unless `NO_COLOR` or `--no-color` is given;
 * other streams only with `FORCE_COLOR`. An empty variable counts as unset; see no-color.org and force-color.org.
 */
export function isColoured(stream: { readonly isTTY?: boolean }, { env, argv }: ColourSettings): boolean {
  if (optionsOf(argv).includes(NO_COLOUR_FLAG)) return false;
  const { FORCE_COLOR: forced = '', NO_COLOR: refused = '', TERM } = env;
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return refused === '' && TERM !== 'dumb' && stream.isTTY === true;
}

/** The part of a command line before `--`. */
function optionsOf(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}

/** Removes `--no-color`, which may stand anywhere, from a command line. */
export function withoutColourFlag(argv: readonly string[]): string[] {
  const options = optionsOf(argv);
  return [...options.filter((word) => word !== NO_COLOUR_FLAG), ...argv.slice(options.length)];
}

/** Styles text if the stream is coloured. */
export function styled(
  style: Style,
  text: string,
  stream: { readonly isTTY?: boolean },
  settings: ColourSettings = process,
): string {
  return isColoured(stream, settings) ? styleText(style, text, { validateStream: false }) : text;
}

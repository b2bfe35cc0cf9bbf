import { HelpBase, ux } from '@oclif/core';
import { HalonetError } from '../src/errors.js';
import { closestName } from '../src/spelling.js';
import { COMMANDS } from './index.js';
import { styled } from './report/colour.js';
import { firstPage, fullPage, type Page, programPage } from './report/help-text.js';
import { textWidth } from './report/terminal-width.js';
import { commandFacts } from './support/command-facts.js';

const ALL = '--help-all';

/** `halonet --help`, `halonet COMMAND --help` and `--help-all`. */
export default class HalonetHelp extends HelpBase {
  override async showHelp(argv: string[]): Promise<void> {
    const [first, second] = argv.filter((word) => !FLAGS.includes(word));
    const name = first === 'help' ? second : first;
    if (name === undefined || name.startsWith('-')) this.#showProgram();
    else await this.#showCommand(name, argv.includes(ALL));
  }

  override showCommandHelp({ id }: { id: string }): Promise<void> {
    return this.#showCommand(id, false);
  }

  async #showCommand(name: string, isFull: boolean): Promise<void> {
    const [, command] = Object.entries(COMMANDS).find(([one]) => one === name) ?? [];
    if (command === undefined) throw unknownCommand(name);
    const facts = await commandFacts(name, command);
    ux.stdout(isFull ? fullPage(facts, page()) : firstPage(facts, page()));
  }

  #showProgram(): void {
    const { bin: name, version } = this.config;
    const commands = Object.entries(COMMANDS).map(([id, { summary }]) => ({ name: id, summary }));
    ux.stdout(programPage({ name, version, summary: SUMMARY, commands }, page()));
  }
}

const FLAGS: readonly string[] = ['-h', '--help', ALL];

const SUMMARY = 'classify, embed and extract features from folders of images';

const page = (): Page => ({
  width: textWidth(process.stdout),
  heading: (text) => styled('bold', text, process.stdout),
});

/** Builds the error for an unknown command, with the closest name and a list of all commands. */
export function unknownCommand(word: string): HalonetError {
  const names = Object.keys(COMMANDS);
  const suggestion = closestName(word, names);
  return new HalonetError(
    `there is no command ${JSON.stringify(word)}${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`,
    { hint: `Commands: ${names.join(', ')}. To classify a folder: halonet classify FOLDER` },
  );
}

import { Errors, loadHelpClass } from '@oclif/core';
import type { Hook } from '@oclif/core/interfaces';
import { COMMANDS } from '../index.js';

const COULD_NOT_RUN = 2;

/** `halonet help COMMAND` shows help; of another first word it says which commands there are. */
const commandNotFound: Hook<'command_not_found'> = async ({ id, config }) => {
  const [word = '', ...rest] = id.split(':'); // oclif joins words with colons
  if (word === 'help') {
    const Help = await loadHelpClass(config);
    await new Help(config, config.pjson.oclif.helpOptions).showHelp(rest);
    return;
  }
  process.stderr.write(
    `error: there is no command ${JSON.stringify(word)}\n` +
      `  Commands: ${Object.keys(COMMANDS).join(', ')}. To classify a folder: ${config.bin} classify FOLDER\n`,
  );
  throw new Errors.ExitError(COULD_NOT_RUN);
};

export default commandNotFound;

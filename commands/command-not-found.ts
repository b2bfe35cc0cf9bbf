import { Errors, loadHelpClass } from '@oclif/core';
import type { Hook } from '@oclif/core/interfaces';
import { meant } from '../src/spelling.js';
import { COMMANDS } from './index.js';
import { standardError } from './report/standard-error.js';

const COULD_NOT_RUN = 2;

/** `halonet help COMMAND` shows help; of another first word it says which command was meant, and which there are. */
const commandNotFound: Hook<'command_not_found'> = async ({ id, config }) => {
  const [word = '', ...rest] = id.split(':'); // oclif joins words with colons
  if (word === 'help') {
    const Help = await loadHelpClass(config);
    await new Help(config, config.pjson.oclif.helpOptions).showHelp(rest);
    return;
  }
  const names = Object.keys(COMMANDS);
  const suggestion = meant(word, names);
  standardError.say(
    `error: there is no command ${JSON.stringify(word)}${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}\n` +
      `  Commands: ${names.join(', ')}. To classify a folder: ${config.bin} classify FOLDER`,
  );
  throw new Errors.ExitError(COULD_NOT_RUN);
};

export default commandNotFound;

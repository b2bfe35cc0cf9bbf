import { Errors, loadHelpClass } from '@oclif/core';
import type { Hook } from '@oclif/core/interfaces';
import { unknownCommand } from './help.js';
import { reportFailure } from './support/failure.js';

const COULD_NOT_RUN = 2;

/** Reports an unknown command, suggests the closest name and lists all commands. `halonet help COMMAND` shows help. */
const commandNotFound: Hook<'command_not_found'> = async ({ id, argv = [], config }) => {
  if (id === 'help') {
    const Help = await loadHelpClass(config);
    await new Help(config, config.pjson.oclif.helpOptions).showHelp(argv);
    return;
  }
  reportFailure(unknownCommand(id));
  throw new Errors.ExitError(COULD_NOT_RUN);
};

export default commandNotFound;

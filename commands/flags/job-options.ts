// commands/flags/: the flags of the commands, what each means for a run, and the options they become

import type { Writable } from 'node:stream';
import type { HubSettings } from '../../src/hub/settings.js';
import type {
  ComputeOptions,
  FileJobOptions,
  FileOutput,
  ImageOptions,
  Invocation,
  ModelOptions,
} from '../../src/job/options.js';
import type { Selection } from '../../src/sources/selection.js';
import type { ListFile } from '../../src/sources/source.js';
import { type CommonFlags, evaluationOverrides } from './flags.js';

/** What a command line asks for. */
export interface JobRequest {
  readonly flags: CommonFlags;
  readonly inputs: readonly string[];
  readonly outputs: readonly FileOutput[]; // at least one
  readonly retried?: Pick<Invocation, 'command' | 'folder'> | undefined; // the run whose failed rows are computed again
  readonly columns?: readonly string[] | undefined; // of a retry: those that the outputs keep
}

/** What a job gets from its process. */
export interface Shell
  extends Pick<ComputeOptions, 'host' | 'machine'>,
    Pick<ImageOptions, 'stdin' | 'counted'> {
  readonly stdout: Writable;
  readonly hub: HubSettings;
  readonly awsRegion: string | undefined; // if AWS's SDK finds none
  readonly invocation: Invocation;
}

/** The options of a job, without its listener and its abort signal. */
export function jobOptions(request: JobRequest, shell: Shell): FileJobOptions {
  const { flags, outputs, retried } = request;
  const { stdout, invocation } = shell;
  return {
    model: modelOptions(request, shell),
    images: imageOptions(request, shell),
    outputs: {
      outputs,
      mode: modeOf(request),
      stdout,
      checkpointSeconds: flags.checkpoint,
      checksSpace: flags['check-space'] && !outputs.some(({ output }) => output === '-'),
    },
    compute: computeOptions(flags, shell),
    invocation: retried === undefined ? invocation : { ...invocation, ...retried },
  };
}

function modeOf({ flags, retried }: JobRequest): FileJobOptions['outputs']['mode'] {
  if (retried !== undefined) return 'retry';
  if (flags.sync) return 'sync';
  if (flags.resume) return 'resume';
  return flags.overwrite ? 'overwrite' : 'new';
}

/**
 * Returns the folder that a run's relative paths start in; undefined for the working directory, where paths are
 * used as they are.
 */
export function folderOf(
  retried: Pick<Invocation, 'folder'> | undefined,
  workingDirectory: string,
): string | undefined {
  return retried?.folder === workingDirectory ? undefined : retried?.folder;
}

function modelOptions({ flags, retried }: JobRequest, { hub, invocation }: Shell): ModelOptions {
  return {
    name: flags.model,
    folder: folderOf(retried, invocation.folder),
    architecture: flags.architecture,
    hub,
    precision: flags.precision,
    calibration: flags.calibration,
  };
}

function imageOptions(
  request: JobRequest,
  { stdin, counted, hub, awsRegion, invocation }: Shell,
): ImageOptions {
  const { flags, inputs, retried } = request;
  return {
    inputs,
    list: listOf(flags),
    keep: flags['keep-columns'],
    columns: request.columns,
    facts: flags.columns,
    selection: selectionOf(flags),
    imageColumn: flags['image-column'],
    folder: folderOf(retried, invocation.folder),
    remote: {
      proxies: hub.proxies,
      requests: flags.requests,
      seconds: flags['fetch-timeout'],
      publicHostsOnly: flags['public-hosts-only'],
      s3: { endpoint: flags['s3-endpoint'], anonymous: flags['s3-anonymous'], region: awsRegion },
    },
    stdin,
    nul: flags.null,
    allowEmpty: flags['allow-empty'],
    counted,
    preprocessing: {
      ...evaluationOverrides(flags),
      autoOrient: flags['auto-orient'],
      decode: flags.decode,
      maxPixels: flags['max-pixels'],
      failOn: flags['fail-on'],
    },
    decodeSeconds: flags['decode-timeout'],
    failureLimit: flags['fail-fast'] ? { count: 0 } : flags['max-failures'],
  };
}

function listOf(flags: CommonFlags): ListFile | undefined {
  const { from, root, 'path-column': pathColumn, 'crop-columns': columns } = flags;
  const crop = columns && { columns, isFraction: flags['crop-units'] === 'fraction' };
  return from === undefined ? undefined : { path: from, pathColumn, root, crop };
}

function selectionOf(flags: CommonFlags): Selection {
  const { include, exclude, limit, sample, seed, extensions } = flags;
  return { include, exclude, limit, sample, seed, extensions };
}

function computeOptions(flags: CommonFlags, { host, machine }: Shell): ComputeOptions {
  return {
    device: { name: flags.device, id: flags['device-id'] },
    host,
    threads: flags.threads,
    batchSize: flags['batch-size'],
    decoders: flags.decoders,
    machine,
  };
}

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Proxies, proxiesFromEnv } from '../http/proxies.js';

/** The location of the hub and of its cache, and the user's credentials. Made by {@link hubSettingsFromEnv}. */
export interface HubSettings {
  readonly endpoint: string; // no trailing slash
  readonly cacheDir: string; // absolute; the folder that holds models--<owner>--<name>/
  readonly token: string | undefined;
  readonly offline: boolean;
  readonly symlinks: boolean; // false: snapshots/ holds the files themselves
  readonly proxies: Proxies;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables that Python's huggingface_hub reads, with its defaults, so that both share one cache, and the
 * proxy variables. An empty variable counts as unset. The token file is the only file read; an unreadable one means
 * no token. With HF_HUB_DISABLE_IMPLICIT_TOKEN no token is sent, as in huggingface_hub.
 *
 * Source: https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
 */
export function hubSettingsFromEnv(env: Environment, homeDir: string): HubSettings {
  const { HF_ENDPOINT, HF_TOKEN, HUGGING_FACE_HUB_TOKEN } = env;
  const { HF_HUB_OFFLINE, HF_HUB_DISABLE_IMPLICIT_TOKEN, HF_HUB_DISABLE_SYMLINKS } = env;
  const pathOf = (name: string) => {
    const value = env[name];
    return value ? resolve(expand(value, env, homeDir)) : undefined;
  };
  const caches = pathOf('XDG_CACHE_HOME') ?? join(homeDir, '.cache');
  const hfHome = pathOf('HF_HOME') ?? join(caches, 'huggingface');
  const findToken = () =>
    cleanToken(HF_TOKEN || HUGGING_FACE_HUB_TOKEN) ??
    tokenFromFile(pathOf('HF_TOKEN_PATH') ?? join(hfHome, 'token'));
  return {
    endpoint: (HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    cacheDir: pathOf('HF_HUB_CACHE') ?? pathOf('HUGGINGFACE_HUB_CACHE') ?? join(hfHome, 'hub'),
    token: isTrue(HF_HUB_DISABLE_IMPLICIT_TOKEN) ? undefined : findToken(),
    offline: isTrue(HF_HUB_OFFLINE),
    symlinks: !isTrue(HF_HUB_DISABLE_SYMLINKS),
    proxies: proxiesFromEnv(env),
  };
}

function cleanToken(value: string | undefined): string | undefined {
  return value?.replace(/[\r\n]/g, '').trim() || undefined;
}

function tokenFromFile(path: string): string | undefined {
  try {
    return cleanToken(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function isTrue(value: string | undefined): boolean {
  return ['1', 'TRUE', 'YES', 'ON'].includes(value?.toUpperCase() ?? '');
}

// As in Python's os.path.expandvars and expanduser, an unknown variable is left as written.
function expand(path: string, env: Environment, homeDir: string): string {
  const withVariables = path.replace(
    /\$(?:(\w+)|\{(\w+)\})/g,
    (written, bare, braced) => env[bare ?? braced] ?? written,
  );
  return withVariables.replace(/^~(?=$|[/\\])/, () => homeDir);
}

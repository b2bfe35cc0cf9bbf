import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';

describe('hubSettingsFromEnv', () => {
  it('uses the defaults of huggingface_hub', () => {
    assert.deepEqual(hubSettingsFromEnv({}, '/home/me'), {
      endpoint: 'https://huggingface.co',
      cacheDir: '/home/me/.cache/huggingface/hub',
      token: undefined,
      offline: false,
      symlinks: true,
      proxies: { http: undefined, https: undefined, except: '' },
    });
  });

  it('finds the cache by HF_HUB_CACHE, then HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME', () => {
    const env: Record<string, string> = {
      HF_HUB_CACHE: '/a',
      HUGGINGFACE_HUB_CACHE: '/b',
      HF_HOME: '/c',
      XDG_CACHE_HOME: '/d',
    };
    const found = ['/a', '/b', '/c/hub', '/d/huggingface/hub', '/home/me/.cache/huggingface/hub'];
    for (const [index, cacheDir] of found.entries()) {
      const rest = Object.fromEntries(Object.entries(env).slice(index));
      assert.equal(hubSettingsFromEnv(rest, '/home/me').cacheDir, cacheDir);
    }
    assert.equal(hubSettingsFromEnv({ HF_HUB_CACHE: '', HF_HOME: '/c' }, '/home/me').cacheDir, '/c/hub');
  });

  it('expands ~ and variables in paths as Python does', () => {
    const cacheDir = (HF_HOME: string) => hubSettingsFromEnv({ HF_HOME, DISK: '/disk' }, '/home/me').cacheDir;
    assert.equal(cacheDir('~/hf'), '/home/me/hf/hub');
    assert.equal(cacheDir('$DISK/hf'), '/disk/hf/hub');
    assert.equal(cacheDir(['/x', '{DISK}y/$NONE'].join('$')), '/x/disky/$NONE/hub');
  });

  it('trims trailing slashes from HF_ENDPOINT', () => {
    const env = { HF_ENDPOINT: 'https://hub.example/base//' };
    assert.equal(hubSettingsFromEnv(env, '/home/me').endpoint, 'https://hub.example/base');
  });

  it('treats 1, true, yes and on as true, in any case', () => {
    for (const HF_HUB_OFFLINE of ['1', 'true', 'YES', 'On']) {
      assert.equal(hubSettingsFromEnv({ HF_HUB_OFFLINE }, '/').offline, true);
    }
    for (const HF_HUB_OFFLINE of ['0', 'false', '']) {
      assert.equal(hubSettingsFromEnv({ HF_HUB_OFFLINE }, '/').offline, false);
    }
    assert.equal(hubSettingsFromEnv({ HF_HUB_DISABLE_SYMLINKS: '1' }, '/').symlinks, false);
  });

  describe('token', () => {
    let home: string;

    beforeEach(async () => {
      home = await mkdtemp(join(tmpdir(), 'halonet-settings-'));
      await writeFile(join(home, 'token'), ' hf_file\n');
      await writeFile(join(home, 'other'), 'hf_other\n');
    });

    afterEach(() => rm(home, { recursive: true }));

    it('comes from HF_TOKEN, else HF_TOKEN_PATH, else HF_HOME/token', () => {
      const token = (env: Record<string, string>) => hubSettingsFromEnv({ HF_HOME: home, ...env }, '/').token;
      assert.equal(token({ HF_TOKEN: ' hf_env\n', HF_TOKEN_PATH: join(home, 'other') }), 'hf_env');
      assert.equal(token({ HF_TOKEN_PATH: join(home, 'other') }), 'hf_other');
      assert.equal(token({ HF_TOKEN: '' }), 'hf_file');
      assert.equal(token({ HF_TOKEN_PATH: join(home, 'absent') }), undefined);
    });

    it('stays unset with HF_HUB_DISABLE_IMPLICIT_TOKEN', () => {
      const env = { HF_HOME: home, HF_TOKEN: 'hf_env', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' };
      assert.equal(hubSettingsFromEnv(env, '/').token, undefined);
    });
  });
});

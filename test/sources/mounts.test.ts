import assert from 'node:assert/strict';
import { Mounts } from '../../src/sources/mounts.js';

/** Builds the lines of /proc/self/mountinfo. @param mounts [major:minor, folder of the file system, mount point] */
const mountsOf = (...mounts: readonly (readonly [string, string, string])[]) =>
  new Mounts(
    mounts
      .map(
        ([device, root, point], i) =>
          `${20 + i} 1 ${device} ${root} ${point} rw,relatime shared:1 - ext4 /dev/sda1 rw\n`,
      )
      .join(''),
  );

describe('Mounts.canonical', () => {
  it('returns the same path for a file through every mount of its file system', () => {
    const mounts = mountsOf(
      ['8:1', '/', '/'],
      ['8:2', '/', '/data'],
      ['8:2', '/photos', '/srv/photos'],
      ['8:1', '/home/ann', '/mnt/ann'],
    );
    const same = (...paths: readonly string[]) => paths.map((path) => mounts.canonical(path));
    assert.deepEqual(same('/srv/photos/a.jpg', '/data/photos/a.jpg'), Array(2).fill('/data/photos/a.jpg'));
    assert.deepEqual(same('/mnt/ann/b/c.jpg', '/home/ann/b/c.jpg'), Array(2).fill('/home/ann/b/c.jpg'));
    assert.deepEqual(same('/srv/photos', '/data/photos'), Array(2).fill('/data/photos'));
    assert.equal(mounts.canonical('/srv/photos2/a.jpg'), '/srv/photos2/a.jpg');
  });

  it('returns no path that another mount hides', () => {
    const mounts = mountsOf(['8:1', '/', '/'], ['8:1', '/photos', '/mnt'], ['8:2', '/', '/photos']);
    assert.equal(mounts.canonical('/mnt/a.jpg'), '/mnt/a.jpg');
    assert.equal(mounts.canonical('/photos/a.jpg'), '/photos/a.jpg');
  });

  it('uses the last of several mounts at one mount point', () => {
    const mounts = mountsOf(
      ['8:1', '/', '/'],
      ['8:2', '/a', '/mnt'],
      ['8:2', '/b', '/mnt'],
      ['8:2', '/', '/all'],
    );
    assert.equal(mounts.canonical('/mnt/x'), '/all/b/x');
  });

  it('unescapes spaces and backslashes, and keeps paths unchanged without mounts', () => {
    const mounts = mountsOf(['8:1', '/', '/'], ['8:1', '/my\\040photos', '/mnt/my\\134photos']);
    assert.equal(mounts.canonical('/mnt/my\\photos/a.jpg'), '/my photos/a.jpg');
    assert.equal(new Mounts('').canonical('/a/b.jpg'), '/a/b.jpg');
  });

  it('reads the mounts of this system', async () => {
    const mounts = await Mounts.read();
    assert.equal(mounts.canonical('/no/such/file'), '/no/such/file');
  });
});

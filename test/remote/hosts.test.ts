import assert from 'node:assert/strict';
import type { LookupFunction } from 'node:net';
import { ForbiddenHost, Hosts } from '../../src/remote/hosts.js';

const NEVER = [
  'http://169.254.169.254/latest/meta-data',
  'http://0xA9FEA9FE/',
  'http://2852039166/',
  'http://0251.0376.0251.0376/',
  'http://169.254.169.254./',
  'http://[::ffff:169.254.169.254]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[64:ff9b::169.254.169.254]/',
  'http://[2002:a9fe:a9fe::1]/',
  'http://[fe80::1]/',
  'http://[febf::1]/',
  'http://[fd00:ec2::254]/',
  'http://100.100.100.200/',
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://METADATA.google.internal./',
];

const NOT_PUBLIC = [
  'http://127.0.0.1/',
  'http://127.1/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::]/',
  'http://0.0.0.0/',
  'http://10.1.2.3/',
  'http://172.16.0.1/',
  'http://172.31.255.255/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://192.0.2.1/',
  'http://198.18.0.1/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://[fc00::1]/',
  'http://[fd12:3456::1]/',
  'http://[ff02::1]/',
  'http://[64:ff9b::10.0.0.1]/',
  'http://[2001:db8::1]/',
];

const PUBLIC = [
  'http://8.8.8.8/',
  'http://172.32.0.1/',
  'http://100.128.0.1/',
  'http://169.253.0.1/',
  'http://[2606:4700::1111]/',
  'http://example.org/',
];

describe('Hosts', () => {
  const refuses = (hosts: Hosts, url: string) =>
    assert.throws(() => hosts.check(new URL(url)), ForbiddenHost, url);

  it('refuses the addresses where clouds answer with credentials, however they are written', () => {
    for (const publicOnly of [false, true]) for (const url of NEVER) refuses(new Hosts(publicOnly), url);
  });

  it('refuses this machine and private networks only if asked to', () => {
    for (const url of NOT_PUBLIC) {
      new Hosts(false).check(new URL(url));
      refuses(new Hosts(true), url);
    }
  });

  it('allows public addresses', () => {
    for (const url of PUBLIC) new Hosts(true).check(new URL(url));
  });

  const resolvingTo =
    (...addresses: readonly string[]): LookupFunction =>
    (_, { all }, callback) => {
      assert.equal(all, true);
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };

  const lookUp = (hosts: Hosts, all: boolean) =>
    new Promise((resolve, reject) => {
      hosts.lookup('example.org', { all }, (error, found) => (error ? reject(error) : resolve(found)));
    });

  it('checks every address of a name', async () => {
    for (const addresses of [
      ['169.254.1.1'],
      ['8.8.8.8', '169.254.1.1'],
      ['fe80::1%eth0'],
      ['::ffff:169.254.1.1'],
    ])
      await assert.rejects(lookUp(new Hosts(false, resolvingTo(...addresses)), true), ForbiddenHost);
    await assert.rejects(lookUp(new Hosts(true, resolvingTo('10.0.0.1')), false), ForbiddenHost);
  });

  it('resolves other names as asked', async () => {
    const hosts = new Hosts(true, resolvingTo('8.8.8.8', '9.9.9.9'));
    assert.equal(await lookUp(hosts, false), '8.8.8.8');
    assert.deepEqual(await lookUp(hosts, true), [
      { address: '8.8.8.8', family: 4 },
      { address: '9.9.9.9', family: 4 },
    ]);
  });

  it('passes on that a name does not exist', async () => {
    const hosts = new Hosts(false, (_, __, callback) => callback(new Error('ENOTFOUND'), []));
    await assert.rejects(lookUp(hosts, true), /ENOTFOUND/);
  });
});

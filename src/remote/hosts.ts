import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { ImageRefusal } from '../refusal.js';

/** A host that must not be asked. Its message follows the name of what was asked. */
export class ForbiddenHost extends Error {
  override readonly name = 'ForbiddenHost';
}

// Where clouds answer with credentials of the machine. The last ones hold addresses of IPv4, for NAT64, 6to4 and the like.
const LINK_LOCAL = blockList(
  ['169.254.0.0', 16],
  ['fe80::', 10],
  ['100.100.100.200', 32],
  ['fd00:ec2::254', 128],
  ['64:ff9b::a9fe:0', 112],
  ['2002:a9fe::', 32],
  ['::a9fe:0', 112],
);

// https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
const NOT_PUBLIC = blockList(
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96], // unspecified, loopback, IPv4-compatible
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fec0::', 10],
  ['ff00::', 8],
);

function blockList(...subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of subnets) list.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return list;
}

/** Which hosts may be asked. Link-local addresses, where clouds keep credentials, never may. */
export class Hosts {
  readonly #publicOnly: boolean;
  readonly #lookup: LookupFunction;

  /** @param lookup resolves names; the system's by default */
  constructor(publicOnly: boolean, lookup: LookupFunction = systemLookup as LookupFunction) {
    this.#publicOnly = publicOnly;
    this.#lookup = lookup;
  }

  /**
   * Checks the host of a URL as far as that is possible without its addresses.
   *
   * @throws ForbiddenHost
   */
  check({ hostname }: Pick<URL, 'hostname'>): void {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(host) !== 0) this.#checkAddress(host);
    else if (/^metadata(\.google\.internal)?\.?$/i.test(host))
      throw forbidden(host, 'the metadata of a cloud');
  }

  /** Resolves a name when a connection is made, so that it cannot have other addresses a moment later. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses = found as unknown as readonly { readonly address: string; readonly family: number }[];
      const [first] = addresses;
      try {
        for (const { address } of addresses) this.#checkAddress(address);
      } catch (refusal) {
        return callback(refusal as Error, []);
      }
      if (options.all || first === undefined) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };

  #checkAddress(address: string): void {
    const plain = address.replace(/%.*$/, ''); // the zone of a link-local address
    const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
    if (LINK_LOCAL.check(plain, family)) throw forbidden(plain, 'a link-local address');
    if (this.#publicOnly && NOT_PUBLIC.check(plain, family)) throw forbidden(plain, 'not a public address');
  }
}

const forbidden = (address: string, what: string) =>
  new ForbiddenHost(`the host is ${address}, ${what}, which halonet does not ask`);

/** Returns the refusal of a request that failed because its host must not be asked; undefined if that is not why. */
export function forbiddenIn(error: unknown): ImageRefusal | undefined {
  for (let level = error; level instanceof Error; level = level.cause) {
    if (level instanceof ForbiddenHost) return new ImageRefusal('permission', level.message);
    if (level instanceof AggregateError) return forbiddenIn(level.errors[0]);
  }
  return undefined;
}

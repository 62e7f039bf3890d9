import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import * as der from './der.js';

/** A certificate and its key, both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Its subject as MongoDB writes it, the most specific part first: `CN=client,O=mongotempo`. */
  readonly subject: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** Names and IP addresses that it holds for; default: none. */
  readonly hosts?: readonly string[];
  /** Days from now on; a negative number makes one that is not valid any more. Default 365. */
  readonly validDays?: number;
}

const organization = 'mongotempo';
const dayMS = 24 * 60 * 60 * 1000;
const ecdsaWithSha256 = der.sequence(der.objectIdentifier('1.2.840.10045.4.3.2'));

interface Signing {
  readonly commonName: string;
  readonly key: KeyObject;
}

/** A certificate authority that exists as long as the process: what it issues is for tests, and kept nowhere. */
export class CertificateAuthority {
  /** Its own certificate, as PEM: what clients have to trust. */
  readonly certificate: string;
  readonly #signing: Signing;

  constructor(commonName = 'mongotempo test authority') {
    const { privateKey, publicKey } = newKeys();
    this.#signing = { commonName, key: privateKey };
    this.certificate = pem(
      'CERTIFICATE',
      signed({ commonName }, publicKey, this.#signing, [
        extension('2.5.29.19', true, der.sequence(der.boolean(true))),
        // keyCertSign and cRLSign
        extension('2.5.29.15', true, der.bits(Buffer.of(0x06), 1)),
      ]),
    );
  }

  /** A certificate for a server or a client. */
  issue(request: CertificateRequest): Certificate {
    const { privateKey, publicKey } = newKeys();
    const { commonName, hosts = [] } = request;
    const names = hosts.map(host => der.contextPrimitive(isIP(host) === 0 ? 2 : 7, hostBytes(host)));
    const extensions = [
      // serverAuth and clientAuth
      extension(
        '2.5.29.37',
        false,
        der.sequence(der.objectIdentifier('1.3.6.1.5.5.7.3.1'), der.objectIdentifier('1.3.6.1.5.5.7.3.2')),
      ),
      ...(names.length === 0 ? [] : [extension('2.5.29.17', false, der.sequence(...names))]),
    ];
    return {
      cert: pem('CERTIFICATE', signed(request, publicKey, this.#signing, extensions)),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      subject: `CN=${commonName},O=${organization}`,
    };
  }
}

/** RFC 5280, 4.1: a certificate of version 3. */
function signed(
  { commonName, validDays = 365 }: CertificateRequest,
  publicKey: KeyObject,
  signing: Signing,
  extensions: readonly Buffer[],
): Buffer {
  const now = Date.now();
  // Clocks of client and server may differ by a little.
  const notBefore = new Date(Math.min(now, now + validDays * dayMS) - dayMS);
  const notAfter = new Date(now + validDays * dayMS);
  const toBeSigned = der.sequence(
    der.context(0, der.integer(Buffer.of(2))),
    der.integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    ecdsaWithSha256,
    nameOf(signing.commonName),
    der.sequence(der.time(notBefore), der.time(notAfter)),
    nameOf(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    der.context(3, der.sequence(...extensions)),
  );
  return der.sequence(toBeSigned, ecdsaWithSha256, der.bits(sign('sha256', toBeSigned, signing.key)));
}

function newKeys(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

/** The organization first, the common name last; texts show them the other way round. */
function nameOf(commonName: string): Buffer {
  const attribute = (type: string, value: string): Buffer =>
    der.set(der.sequence(der.objectIdentifier(type), der.utf8(value)));
  return der.sequence(attribute('2.5.4.10', organization), attribute('2.5.4.3', commonName));
}

function extension(type: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [der.boolean(true)] : [];
  return der.sequence(der.objectIdentifier(type), ...critical, der.octets(value));
}

function hostBytes(host: string): Buffer {
  switch (isIP(host)) {
    case 4:
      return Buffer.from(host.split('.').map(Number));
    case 6:
      return ipv6Bytes(host);
    default:
      return Buffer.from(host);
  }
}

function ipv6Bytes(host: string): Buffer {
  const [head = '', tail = ''] = host.split('::');
  const groupsOf = (text: string): number[] => (text === '' ? [] : text.split(':').map(group => parseInt(group, 16)));
  const [front, back] = [groupsOf(head), groupsOf(tail)];
  const groups = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
  return Buffer.from(groups.flatMap(group => [group >> 8, group & 0xff]));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

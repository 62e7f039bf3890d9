import type { SupportedSocketOptions, SupportedTLSOptions } from '../client_options.js';
import { option } from './option.js';
import { anyText, anything, boolean, func, integer, isRecord, type Parser, REFUSED, text } from './parsers.js';

/** Node.js takes a negative number for 0, which leaves the time to the system. */
const anyInteger = integer({ min: Number.MIN_SAFE_INTEGER });

const family: Parser<number> = {
  allowed: '4, 6, or 0 for both',
  parse: given => [0, 4, 6].find(value => value === given || String(value) === given) ?? REFUSED,
};

/** An option that `tls.connect` looks at itself. */
function forTLS<Name extends keyof SupportedTLSOptions>(doc: string) {
  return option(doc, anything<Exclude<SupportedTLSOptions[Name], undefined>>(), { where: 'client' });
}

/** Certificates, keys and the like: given by a program that wants to speak TLS. */
function materialForTLS<Name extends keyof SupportedTLSOptions>(doc: string) {
  return { ...forTLS<Name>(doc), guards: 'trust' as const, needsTLS: true as const };
}

function secretForTLS<Name extends keyof SupportedTLSOptions>(doc: string) {
  return { ...materialForTLS<Name>(doc), secret: true as const };
}

const secureContext: Parser<NonNullable<SupportedTLSOptions['secureContext']>> = {
  allowed: 'what tls.createSecureContext returns',
  parse: given =>
    isRecord(given) && isRecord(given['context'])
      ? (given as unknown as NonNullable<SupportedTLSOptions['secureContext']>)
      : REFUSED,
};

/** Whether a certificate is believed. Text is read in a connection string only: in a program, `'false'` is easily taken for true. */
const TRUST = { guards: 'trust', booleanOnly: true } as const;

export const tlsOptions = {
  tls: option('Use TLS', boolean, { guards: 'secrecy' }),
  ssl: option('Another name of tls', boolean, { guards: 'secrecy' }),
  // An empty path is refused where TLS is in use (`refuseTLSInTheClear`): there the official driver fails to read it.
  tlsCAFile: option('PEM file with certificates of authorities', anyText, { guards: 'trust', needsTLS: true }),
  tlsCRLFile: option('PEM file with the revocation list', anyText, { guards: 'trust', needsTLS: true }),
  tlsCertificateKeyFile: option('PEM file with the certificate and key of the client', anyText, {
    guards: 'trust',
    needsTLS: true,
  }),
  // The specification's tests give it without TLS and expect no error.
  tlsCertificateKeyFilePassword: option('Password of that key', anyText, { guards: 'trust', secret: true }),
  // Left out, each of these means that certificates are checked.
  tlsAllowInvalidCertificates: option('Accept certificates that are not valid', boolean, {
    ...TRUST,
    toleratesNonsense: true,
  }),
  tlsAllowInvalidHostnames: option('Accept certificates of another host', boolean, {
    ...TRUST,
    toleratesNonsense: true,
  }),
  tlsInsecure: option('Accept any certificate', boolean, { ...TRUST, toleratesNonsense: true }),
  tlsDisableCertificateRevocationCheck: option('Has no effect in Node.js', boolean, TRUST),
  tlsDisableOCSPEndpointCheck: option('Has no effect in Node.js', boolean, TRUST),
};

/** Passed on to `tls.connect`. */
export const tlsConnectOptions = {
  allowPartialTrustChain: option('Trust intermediate certificates', boolean, { ...TRUST, where: 'client' }),
  ALPNProtocols: forTLS<'ALPNProtocols'>('Protocols for ALPN'),
  ca: materialForTLS<'ca'>('Certificates of authorities'),
  cert: materialForTLS<'cert'>('Certificate of the client'),
  checkServerIdentity: option(
    'Checks the name in a certificate',
    func<NonNullable<SupportedTLSOptions['checkServerIdentity']>>(),
    { where: 'client', guards: 'trust', needsTLS: true },
  ),
  ciphers: forTLS<'ciphers'>('Allowed ciphers'),
  crl: materialForTLS<'crl'>('Revocation lists'),
  ecdhCurve: forTLS<'ecdhCurve'>('Allowed curves'),
  enableTrace: option('Write TLS packets to stderr', boolean, { guards: 'secrecy', booleanOnly: true }),
  key: secretForTLS<'key'>('Key of the client'),
  minDHSize: forTLS<'minDHSize'>('Least size of a Diffie-Hellman key'),
  passphrase: { ...forTLS<'passphrase'>('Password of the key'), secret: true as const },
  pfx: secretForTLS<'pfx'>('Certificate and key in PKCS#12'),
  pskCallback: materialForTLS<'pskCallback'>('Pre-shared key'),
  rejectUnauthorized: option('Refuse certificates that are not valid', boolean, TRUST),
  requestCert: option('Ask for a certificate', boolean, TRUST),
  requestOCSP: option('Ask for an OCSP answer', boolean, TRUST),
  secureContext: option('Context made by tls.createSecureContext', secureContext, {
    where: 'client',
    guards: 'trust',
    needsTLS: true,
  }),
  secureProtocol: forTLS<'secureProtocol'>('Version of TLS'),
  servername: option('Name for SNI, and in the certificate', anyText, { guards: 'trust' }),
  SNICallback: forTLS<'SNICallback'>('Context for a server name'),
  session: { ...forTLS<'session'>('Session to resume'), secret: true as const },
};

/** Passed on to `net.connect`. */
export const socketConnectOptions = {
  autoSelectFamily: option('Try IPv6 and IPv4 at the same time', boolean),
  autoSelectFamilyAttemptTimeout: option('Time for each address tried', integer({ min: 1 })),
  family: option('Version of IP', family),
  hints: option('Hints for dns.lookup', integer(), { where: 'client' }),
  localAddress: option('Local address of sockets', text, { emptyIsUnset: true }),
  localPort: option('Local port of sockets', integer({ min: 1, max: 65535 })),
};

export const socketOptions = {
  noDelay: option('Send small packets at once', boolean, { default: true }),
  keepAliveInitialDelay: option('Time of silence before the first keep-alive probe', anyInteger, {
    default: 120_000,
  }),
  lookup: option('Resolves host names', func<NonNullable<SupportedSocketOptions['lookup']>>(), { where: 'client' }),
};

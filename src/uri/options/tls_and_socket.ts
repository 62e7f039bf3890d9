import type { SupportedSocketOptions, SupportedTLSOptions } from '../client_options.js';
import { option } from './option.js';
import { anything, boolean, func, integer, type Parser, REFUSED, text } from './parsers.js';

const family: Parser<number> = {
  allowed: '4, 6, or 0 for both',
  parse: given => [0, 4, 6].find(value => value === given || String(value) === given) ?? REFUSED,
};

/** An option that `tls.connect` looks at itself. */
function forTLS<Name extends keyof SupportedTLSOptions>(doc: string) {
  return option(doc, anything<Exclude<SupportedTLSOptions[Name], undefined>>(), { where: 'client' });
}

function secretForTLS<Name extends keyof SupportedTLSOptions>(doc: string) {
  return { ...forTLS<Name>(doc), secret: true as const };
}

export const tlsOptions = {
  tls: option('Use TLS', boolean),
  ssl: option('Another name of tls', boolean),
  tlsCAFile: option('PEM file with certificates of authorities', text),
  tlsCRLFile: option('PEM file with the revocation list', text),
  tlsCertificateKeyFile: option('PEM file with the certificate and key of the client', text),
  tlsCertificateKeyFilePassword: option('Password of that key', text, { secret: true }),
  tlsAllowInvalidCertificates: option('Accept certificates that are not valid', boolean),
  tlsAllowInvalidHostnames: option('Accept certificates of another host', boolean),
  tlsInsecure: option('Accept any certificate', boolean),
  tlsDisableCertificateRevocationCheck: option('Has no effect in Node.js', boolean),
  tlsDisableOCSPEndpointCheck: option('Has no effect in Node.js', boolean),
};

/** Passed on to `tls.connect`. */
export const tlsConnectOptions = {
  allowPartialTrustChain: forTLS<'allowPartialTrustChain'>('Trust intermediate certificates'),
  ALPNProtocols: forTLS<'ALPNProtocols'>('Protocols for ALPN'),
  ca: forTLS<'ca'>('Certificates of authorities'),
  cert: forTLS<'cert'>('Certificate of the client'),
  checkServerIdentity: option(
    'Checks the name in a certificate',
    func<NonNullable<SupportedTLSOptions['checkServerIdentity']>>(),
    { where: 'client' },
  ),
  ciphers: forTLS<'ciphers'>('Allowed ciphers'),
  crl: forTLS<'crl'>('Revocation lists'),
  ecdhCurve: forTLS<'ecdhCurve'>('Allowed curves'),
  enableTrace: option('Write TLS packets to stderr', boolean),
  key: secretForTLS<'key'>('Key of the client'),
  minDHSize: forTLS<'minDHSize'>('Least size of a Diffie-Hellman key'),
  passphrase: secretForTLS<'passphrase'>('Password of the key'),
  pfx: secretForTLS<'pfx'>('Certificate and key in PKCS#12'),
  pskCallback: forTLS<'pskCallback'>('Pre-shared key'),
  rejectUnauthorized: option('Refuse certificates that are not valid', boolean),
  requestCert: option('Ask for a certificate', boolean),
  requestOCSP: option('Ask for an OCSP answer', boolean),
  secureContext: forTLS<'secureContext'>('Context made by tls.createSecureContext'),
  secureProtocol: forTLS<'secureProtocol'>('Version of TLS'),
  servername: option('Name for SNI', text),
  SNICallback: forTLS<'SNICallback'>('Context for a server name'),
  session: secretForTLS<'session'>('Session to resume'),
};

/** Passed on to `net.connect`. */
export const socketConnectOptions = {
  autoSelectFamily: option('Try IPv6 and IPv4 at the same time', boolean),
  autoSelectFamilyAttemptTimeout: option('Time for each address tried', integer({ min: 1 })),
  family: option('Version of IP', family),
  hints: option('Hints for dns.lookup', integer(), { where: 'client' }),
  localAddress: option('Local address of sockets', text),
  localPort: option('Local port of sockets', integer({ min: 1, max: 65535 })),
};

export const socketOptions = {
  noDelay: option('Send small packets at once', boolean, { default: true }),
  keepAliveInitialDelay: option('Time of silence before the first keep-alive probe', integer(), { default: 120_000 }),
  lookup: option('Resolves host names', func<NonNullable<SupportedSocketOptions['lookup']>>(), { where: 'client' }),
};

import { frozenCopy, frozenWithSecrets } from './frozen.js';
import type { GivenValues, OptionName, OptionValues } from './options/table.js';
import { socketConnectOptions, tlsConnectOptions } from './options/tls_and_socket.js';
import type { ResolvedProxyOptions, ResolvedSocketOptions, ResolvedTLSOptions } from './resolved_options.js';

/** SOCKS5 (RFC 1928). */
const DEFAULT_PROXY_PORT = 1080;

export function resolveTLS(given: GivenValues, srv: boolean): ResolvedTLSOptions {
  const connection = {
    ...verification(given),
    ...(given.tlsCertificateKeyFilePassword !== undefined && { passphrase: given.tlsCertificateKeyFilePassword }),
    ...frozenCopy(pick(given, Object.keys(tlsConnectOptions) as OptionName[])),
  } as ResolvedTLSOptions['connection'];
  return frozenWithSecrets(
    {
      // Initial DNS Seedlist Discovery: what DNS says is only to be trusted with TLS.
      enabled: given.tls ?? given.ssl ?? srv,
      caFile: given.tlsCAFile,
      crlFile: given.tlsCRLFile,
      certificateKeyFile: given.tlsCertificateKeyFile,
      certificateKeyFilePassword: given.tlsCertificateKeyFilePassword,
      insecure: given.tlsInsecure,
      allowInvalidCertificates: given.tlsAllowInvalidCertificates,
      allowInvalidHostnames: given.tlsAllowInvalidHostnames,
      disableCertificateRevocationCheck: given.tlsDisableCertificateRevocationCheck,
      disableOCSPEndpointCheck: given.tlsDisableOCSPEndpointCheck,
      connection: frozenWithSecrets(connection, ['key', 'passphrase', 'pfx', 'session']),
    },
    ['certificateKeyFilePassword'],
  );
}

/** What the flags of the connection string mean for `tls.connect`. */
function verification(given: GivenValues) {
  const acceptsAnyName = given.tlsInsecure === true || given.tlsAllowInvalidHostnames === true;
  const acceptsAnyCertificate = given.tlsInsecure ?? given.tlsAllowInvalidCertificates;
  return {
    ...(acceptsAnyName && { checkServerIdentity: () => undefined }),
    ...(acceptsAnyCertificate !== undefined && { rejectUnauthorized: !acceptsAnyCertificate }),
  };
}

export function resolveSocket(given: GivenValues, values: OptionValues): ResolvedSocketOptions {
  return Object.freeze({
    noDelay: values.noDelay,
    keepAliveInitialDelay: values.keepAliveInitialDelay,
    connection: frozenCopy(pick(given, Object.keys(socketConnectOptions) as OptionName[])),
  });
}

export function resolveProxy(given: GivenValues): ResolvedProxyOptions | undefined {
  if (given.proxyHost === undefined) return undefined;
  return frozenWithSecrets(
    {
      host: given.proxyHost,
      port: given.proxyPort ?? DEFAULT_PROXY_PORT,
      username: given.proxyUsername,
      password: given.proxyPassword,
    },
    ['password'],
  );
}

function pick(given: GivenValues, names: readonly OptionName[]): object {
  return Object.fromEntries(names.filter(name => given[name] !== undefined).map(name => [name, given[name]]));
}

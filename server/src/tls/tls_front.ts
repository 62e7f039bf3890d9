import { type Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { type ClientSocket } from '../connection/connection.js';
import { type Certificate, type CertificateAuthority } from './certificate_authority.js';

/** How a cluster speaks TLS; what it is made of exists as long as the cluster. */
export interface TlsPlan {
  readonly authority: CertificateAuthority;
  /** Without: a client may come without a certificate, and has then no identity. */
  readonly requiresClientCertificate: boolean;
}

/** The TLS of one node: takes sockets that are connected, and gives them back when the handshake is done. */
export class TlsFront {
  readonly #server: Server;
  /** Sockets in their handshake, by the port of the client: that alone their secure form has in common with them. */
  readonly #handshaking = new Map<number, { raw: Socket; onSecure: (client: ClientSocket) => void }>();

  constructor(plan: TlsPlan, host: string) {
    const { cert, key } = plan.authority.issue({
      commonName: 'server',
      hosts: ['localhost', '127.0.0.1', '::1', host],
    });
    this.#server = createServer({
      cert,
      key,
      ca: plan.authority.certificate,
      requestCert: true,
      rejectUnauthorized: plan.requiresClientCertificate,
    });
    this.#server.on('secureConnection', socket => {
      const handshake = this.#handshaking.get(socket.remotePort ?? 0);
      if (handshake === undefined) socket.destroy();
      else handshake.onSecure({ socket, raw: handshake.raw, subject: subjectOf(socket) });
    });
    // What a client does not accept of us, or we of it, is told by the alert that ends the connection.
    this.#server.on('tlsClientError', () => undefined);
  }

  /** Shows another certificate to new connections. */
  use({ cert, key }: Certificate, authority: CertificateAuthority): void {
    this.#server.setSecureContext({ cert, key, ca: authority.certificate });
  }

  /** Calls back when the client has shaken hands; never if it does not. */
  secure(raw: Socket, onSecure: (client: ClientSocket) => void): void {
    const port = raw.remotePort ?? 0;
    this.#handshaking.set(port, { raw, onSecure });
    raw.once('close', () => this.#handshaking.delete(port));
    this.#server.emit('connection', raw);
  }
}

/** Of the client's certificate if it is one that the authority issued, in the form of RFC 2253. */
function subjectOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  return Object.entries({ ...subject })
    .reverse()
    .map(([type, value]) => `${type}=${String(value)}`)
    .join(',');
}

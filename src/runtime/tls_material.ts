import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

/** Reads a file. Tests pass their own. */
export type ReadFile = (path: string) => Promise<Buffer>;

/** How a client speaks TLS: files, and what `tls.connect` is given besides. */
export interface TLSSettings {
  readonly caFile: string | undefined;
  readonly crlFile: string | undefined;
  /** Certificate and key. */
  readonly certificateKeyFile: string | undefined;
  /** Certificates and keys given here count before those in files. */
  readonly connection: ConnectionOptions;
}

interface Material {
  readonly ca: Buffer | undefined;
  readonly crl: Buffer | undefined;
  readonly certificateKey: Buffer | undefined;
}

/**
 * The certificates of a client. Files are read again for each connection, so that a renewed certificate is used without a restart; while
 * they hold the same, all connections share what was made of them.
 */
export class TLSMaterial {
  readonly #settings: TLSSettings;
  readonly #read: ReadFile;
  #last: { readonly material: Material; readonly context: SecureContext } | null = null;

  constructor(settings: TLSSettings, read: ReadFile = path => readFile(path)) {
    this.#settings = settings;
    this.#read = read;
  }

  /** For `tls.connect`. Rejects with an error that names the option if a file cannot be read or used. */
  async connectOptions(): Promise<ConnectionOptions> {
    const { connection } = this.#settings;
    if (connection.secureContext !== undefined) return connection;
    const material = await this.#readFiles();
    if (this.#last === null || !sameMaterial(material, this.#last.material)) {
      this.#last = { material, context: this.#contextOf(material) };
    }
    return { ...connection, secureContext: this.#last.context };
  }

  async #readFiles(): Promise<Material> {
    const { caFile, crlFile, certificateKeyFile, connection } = this.#settings;
    const needsPair = connection.cert === undefined || connection.key === undefined;
    const [ca, crl, certificateKey] = await Promise.all([
      connection.ca === undefined ? this.#file('tlsCAFile', caFile) : undefined,
      connection.crl === undefined ? this.#file('tlsCRLFile', crlFile) : undefined,
      needsPair ? this.#file('tlsCertificateKeyFile', certificateKeyFile) : undefined,
    ]);
    return { ca, crl, certificateKey };
  }

  async #file(option: string, path: string | undefined): Promise<Buffer | undefined> {
    if (path === undefined) return undefined;
    try {
      return await this.#read(path);
    } catch (cause) {
      throw new Error(`${option} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }

  #contextOf({ ca, crl, certificateKey }: Material): SecureContext {
    const { connection } = this.#settings;
    try {
      return createSecureContext({
        // It reads from this very object, so that it is enough to inherit nothing.
        __proto__: null,
        ...connection,
        ...(ca !== undefined && { ca }),
        ...(crl !== undefined && { crl }),
        ...(certificateKey !== undefined && {
          cert: connection.cert ?? certificateKey,
          key: connection.key ?? certificateKey,
        }),
      } as SecureContextOptions);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`the certificates or keys given for TLS cannot be used: ${text}`, { cause });
    }
  }
}

function sameMaterial(one: Material, other: Material): boolean {
  return (
    sameBytes(one.ca, other.ca) && sameBytes(one.crl, other.crl) && sameBytes(one.certificateKey, other.certificateKey)
  );
}

function sameBytes(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && one.equals(other));
}

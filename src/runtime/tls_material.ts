import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { MongoInvalidArgumentError } from '../errors/driver.js';

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

type FileOption = 'tlsCAFile' | 'tlsCRLFile' | 'tlsCertificateKeyFile';

/** What was read of the files that are in use. */
type Material = ReadonlyMap<FileOption, Buffer>;

/** One block of a PEM file. Its first group is the label, its second the label behind END. */
const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END ([A-Z0-9 ]+)-----/g;
const PEM_BEGIN = /-----BEGIN /g;

/**
 * The certificates of a client. Files are read again for each connection, so that a renewed certificate is used without a restart; while
 * they hold the same, all connections share what was made of them.
 *
 * A file that can no longer be read, or that is empty or half written while it is renewed, costs no connection: the certificates that were read
 * last stay in use, and a process warning (`MongoTLSWarning`) says so, once until all is well again.
 */
export class TLSMaterial {
  readonly #settings: TLSSettings;
  readonly #read: ReadFile;
  #last: { readonly material: Material; readonly context: SecureContext } | null = null;
  #warned = false;

  constructor(settings: TLSSettings, read: ReadFile = path => readFile(path)) {
    this.#settings = settings;
    this.#read = read;
  }

  /**
   * Reads the files, before the first connection is made.
   *
   * @throws MongoInvalidArgumentError that names the option and the file, if one cannot be read or used
   */
  async load(): Promise<void> {
    if (this.#settings.connection.secureContext !== undefined) return;
    const material = await this.#readFiles();
    if (this.#last !== null && sameMaterial(material, this.#last.material)) return;
    this.#last = { material, context: this.#contextOf(material) };
  }

  /** For `tls.connect`. Rejects as `load` does if there is nothing that was read before. */
  async connectOptions(): Promise<ConnectionOptions> {
    const { connection } = this.#settings;
    try {
      await this.load();
      this.#warned = false;
    } catch (error) {
      if (this.#last === null) throw error;
      this.#warn(error as Error);
    }
    return this.#last === null ? connection : { ...connection, secureContext: this.#last.context };
  }

  #warn({ message }: Error): void {
    if (this.#warned) return;
    this.#warned = true;
    process.emitWarning(`${message}. New connections use what was read before`, 'MongoTLSWarning');
  }

  async #readFiles(): Promise<Material> {
    const read = await Promise.all(
      this.#files().map(async ([option, path]) => [option, await this.#file(option, path)] as const),
    );
    return new Map(read);
  }

  /** The files that count beside what is given directly. */
  #files(): [FileOption, string][] {
    const { caFile, crlFile, certificateKeyFile, connection } = this.#settings;
    const needsPair = connection.cert === undefined || connection.key === undefined;
    const files: [FileOption, string][] = [];
    if (caFile !== undefined && connection.ca === undefined) files.push(['tlsCAFile', caFile]);
    if (crlFile !== undefined && connection.crl === undefined) files.push(['tlsCRLFile', crlFile]);
    if (certificateKeyFile !== undefined && needsPair) files.push(['tlsCertificateKeyFile', certificateKeyFile]);
    return files;
  }

  async #file(option: FileOption, path: string): Promise<Buffer> {
    let content: Buffer;
    try {
      content = await this.#read(path);
    } catch (cause) {
      throw unusable(`${option} cannot be read`, cause);
    }
    const fault = pemFault(option, content.toString('latin1'));
    if (fault !== null) throw new MongoInvalidArgumentError(`${option} cannot be used: ${path} ${fault}`);
    return content;
  }

  #contextOf(material: Material): SecureContext {
    const { connection } = this.#settings;
    try {
      return secureContext({ ...connection, ...this.#fromFiles(material) });
    } catch (cause) {
      // Node.js does not say which of them it is.
      for (const [option, path] of this.#files()) {
        const alone = new Map([[option, material.get(option) ?? Buffer.of()]]);
        const { passphrase } = connection;
        try {
          secureContext({ passphrase, ...this.#fromFiles(alone) });
        } catch (own) {
          throw unusable(`${option} cannot be used: ${path}`, own);
        }
      }
      throw unusable('the certificates or keys given for TLS cannot be used', cause);
    }
  }

  #fromFiles(material: Material): SecureContextOptions {
    const { cert, key } = this.#settings.connection;
    const options: SecureContextOptions = {};
    const [ca, crl, pair] = (['tlsCAFile', 'tlsCRLFile', 'tlsCertificateKeyFile'] as const).map(it => material.get(it));
    if (ca !== undefined) options.ca = ca;
    if (crl !== undefined) options.crl = crl;
    if (pair !== undefined) {
      options.cert = cert ?? pair;
      options.key = key ?? pair;
    }
    return options;
  }
}

/** It reads from this very object, so that it is enough that it inherits nothing. */
function secureContext(options: SecureContextOptions): SecureContext {
  return createSecureContext({ __proto__: null, ...options } as SecureContextOptions);
}

/**
 * What is wrong with a PEM file as a whole, or null. Node.js accepts a file of authorities that is empty or cut off, and then trusts no
 * authority, or only some.
 */
function pemFault(option: FileOption, text: string): string | null {
  if (text.trim() === '') return 'is empty';
  const blocks = [...text.matchAll(PEM_BLOCK)];
  if (blocks.length === 0) return 'holds nothing in the PEM format';
  const isWhole =
    blocks.length === (text.match(PEM_BEGIN) ?? []).length && blocks.every(([, begin, end]) => begin === end);
  if (!isWhole) return 'is cut off: a block of the PEM format has no end';
  if (option !== 'tlsCAFile') return null;
  const certificates = blocks.filter(([, label = '']) => label.endsWith('CERTIFICATE'));
  if (certificates.length === 0) return 'holds no certificate';
  for (const [block, label] of certificates) {
    if (label !== 'CERTIFICATE') continue;
    try {
      new X509Certificate(block);
    } catch (error) {
      return `holds a certificate that cannot be read: ${textOf(error)}`;
    }
  }
  return null;
}

function unusable(what: string, cause: unknown): MongoInvalidArgumentError {
  const error = new MongoInvalidArgumentError(`${what}: ${textOf(cause)}`, { cause });
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== undefined) error.code = code;
  return error;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sameMaterial(one: Material, other: Material): boolean {
  return [...one].every(([option, content]) => other.get(option)?.equals(content) === true);
}

import { existsSync } from 'node:fs';
import { arch, endianness, platform, release, type } from 'node:os';

/** What a client may tell a server of the machine and the process in which it runs. */
export interface HostEnvironment {
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly os: HostSystem;
  /** The JavaScript runtime and its version. */
  readonly platform: string;
  /** Docker puts a file of this name into each of its containers. */
  readonly hasDockerEnv: boolean;
}

/** An operating system in the words of the handshake. */
export interface HostSystem {
  readonly type: string;
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
}

/** Looks at this process and its machine; a client does so once, when it is made. */
export function systemEnvironment(): HostEnvironment {
  return {
    env: process.env,
    os: { type: type(), name: platform(), architecture: arch(), version: release() },
    platform: runtimeName(),
    hasDockerEnv: existsSync('/.dockerenv'),
  };
}

function runtimeName(): string {
  const { bun, deno } = process.versions as Readonly<Record<string, string | undefined>>;
  const order = endianness();
  if (deno !== undefined) return `Deno v${deno}, ${order}`;
  if (bun !== undefined) return `Bun v${bun}, ${order}`;
  return `Node.js ${process.version}, ${order}`;
}

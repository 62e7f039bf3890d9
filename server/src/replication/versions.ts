/** MongoDB's releases as a client tells them apart, oldest first. */
const releases: readonly { readonly name: string; readonly maxWireVersion: number }[] = [
  { name: '4.2', maxWireVersion: 8 },
  { name: '4.4', maxWireVersion: 9 },
  { name: '5.0', maxWireVersion: 13 },
  { name: '6.0', maxWireVersion: 17 },
  { name: '7.0', maxWireVersion: 21 },
  { name: '8.0', maxWireVersion: 25 },
  { name: '8.2', maxWireVersion: 27 },
];

export type Release = '4.2' | '4.4' | '5.0' | '6.0' | '7.0' | '8.0' | '8.2';

export function knownVersions(): string[] {
  return releases.map(({ name }) => name);
}

export function wireVersionOf(version: string): number {
  return releases[indexOf(version)]?.maxWireVersion ?? 25;
}

/** Whether a server of this version has what came with a release. */
export function isSince(version: string, release: Release): boolean {
  return indexOf(version) >= indexOf(release);
}

function indexOf(version: string): number {
  const [major, minor] = version.split('.');
  return releases.findIndex(({ name }) => name === `${major ?? ''}.${minor ?? ''}`);
}

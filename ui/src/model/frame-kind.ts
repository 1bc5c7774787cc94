import type { FrameKind } from '../api/types.ts';

/** By code, in words for readers. */
export const KIND_NAMES: readonly string[] = [
  'own code',
  'library',
  'standard library',
  'native',
  'kernel',
  'runtime',
  'unknown',
];

/** What is worth knowing about a kind beyond its name. */
export const KIND_NOTES: readonly string[] = [
  'Code that is neither in a known library path nor named as a library by the profiler.',
  'Code of packages that were installed.',
  'What comes with the language.',
  'Compiled code without a known package.',
  'The operating system.',
  'Garbage collection, compilation and the idle event loop.',
  'Neither path nor binary says where this code comes from.',
];

export function kindName(kind: FrameKind | undefined): string {
  return KIND_NAMES[kind ?? 6] ?? 'unknown';
}

import { formatBytes } from './format.ts';

/** Names of numbers that count bytes: `heap_max_bytes`, and flags of the JVM such as `MaxHeapSize`. */
const IN_BYTES = /(^|[_.\s])bytes$|[a-z](Size|Bytes)$/;
/** Sizes below it are as clear in digits, and are often not of bytes. */
const LEAST = 64 * 1024;

/** What a setting means in bytes, where that is easier to read than its value; else empty. */
export function sizeOf(name: string, value: string): string {
  const isSize = IN_BYTES.test(name) && /^\d{1,18}$/.test(value);
  return isSize && Number(value) >= LEAST ? formatBytes(Number(value)) : '';
}

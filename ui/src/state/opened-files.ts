import { useSyncExternalStore } from 'react';

/** A file that was opened in this tab. */
export interface OpenedFile {
  readonly id: string;
  readonly name: string;
  readonly openedMs: number;
}

const KEY = 'vesta.opened';
/** The server forgets a file after an hour. */
const KEPT_MS = 3_600_000;
const MOST = 20;

const listeners = new Set<() => void>();
let known: readonly OpenedFile[] | undefined;

/** The newest first. They belong to the tab, and not to a link. */
export function useOpenedFiles(): readonly OpenedFile[] {
  return useSyncExternalStore(subscribe, openedFiles);
}

export function rememberOpened(file: OpenedFile): void {
  set([file, ...openedFiles().filter((each) => each.id !== file.id)].slice(0, MOST));
}

export function forgetOpened(id: string): void {
  set(openedFiles().filter((each) => each.id !== id));
}

function openedFiles(): readonly OpenedFile[] {
  known ??= stored();
  return known;
}

function set(files: readonly OpenedFile[]): void {
  known = files;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(files));
  } catch {
    // Storage may be forbidden; the list then lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function stored(): readonly OpenedFile[] {
  try {
    const files = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as OpenedFile[];
    return files.filter((file) => typeof file.id === 'string' && Date.now() - file.openedMs < KEPT_MS);
  } catch {
    return [];
  }
}

import { useCallback, useSyncExternalStore } from 'react';

/**
 * Lists that belong to the reader and not to what is shown: they are kept in the browser and never in a link. Several
 * components may show the same one.
 */
const lists = new Map<string, readonly string[]>();
const listeners = new Set<() => void>();

export function useRemembered(name: string): readonly [readonly string[], (next: readonly string[]) => void] {
  const list = useSyncExternalStore(subscribe, () => recall(name));
  const remember = useCallback(
    (next: readonly string[]) => {
      lists.set(name, next);
      try {
        localStorage.setItem(`vesta.${name}`, JSON.stringify(next));
      } catch {
        // Storage may be forbidden or full; the list then lasts as long as the page.
      }
      for (const listener of listeners) listener();
    },
    [name],
  );
  return [list, remember];
}

function recall(name: string): readonly string[] {
  const known = lists.get(name);
  if (known) return known;
  const stored = read(name);
  lists.set(name, stored);
  return stored;
}

function read(name: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(`vesta.${name}`) ?? '[]');
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

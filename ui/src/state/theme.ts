import { useCallback, useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'vesta.theme';
const listeners = new Set<() => void>();

/** The theme belongs to the reader: it is kept in the browser and never in a link. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(subscribe, read);
  const choose = useCallback((chosen: Theme) => {
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
    apply(chosen);
    for (const listener of listeners) listener();
  }, []);
  return [theme, choose];
}

export function applyStoredTheme(): void {
  apply(read());
}

function apply(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
}

function read(): Theme {
  const shown = document.documentElement.dataset['theme'];
  if (shown === 'light' || shown === 'dark' || shown === 'system') return shown;
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system';
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls back when the shown colors change, whoever changed them. */
export function onColorsChange(callback: () => void): () => void {
  const media = matchMedia('(prefers-color-scheme: dark)');
  media.addEventListener('change', callback);
  listeners.add(callback);
  return () => {
    media.removeEventListener('change', callback);
    listeners.delete(callback);
  };
}

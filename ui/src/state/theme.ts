import { useCallback, useSyncExternalStore } from 'react';

/** What the reader chose; `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'vesta.theme';
const listeners = new Set<() => void>();
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
let chosen: Theme = embedded() ?? stored();

/** The theme belongs to the reader: it is kept in the browser and never in a link. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(onColorsChange, () => chosen);
  const choose = useCallback((next: Theme) => {
    chosen = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
    apply();
  }, []);
  return [theme, choose];
}

/** Shows the theme, and from then on follows the device as long as that is the choice. */
export function startTheme(): void {
  apply();
  prefersDark.addEventListener('change', apply);
}

/** Calls back when the shown colors change, whoever changed them. */
export function onColorsChange(callback: () => void): () => void {
  listeners.add(callback);
  return () => listeners.delete(callback);
}

function apply(): void {
  const shown = chosen === 'system' ? (prefersDark.matches ? 'dark' : 'light') : chosen;
  document.documentElement.dataset['theme'] = shown;
  for (const listener of listeners) listener();
}

/** A flame graph in another page looks like that page, whatever this reader chose for his own. */
function embedded(): Theme | undefined {
  if (!/^\/embed\/?$/.test(location.pathname)) return undefined;
  const value = new URLSearchParams(location.search).get('theme');
  return value === 'light' || value === 'dark' ? value : undefined;
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

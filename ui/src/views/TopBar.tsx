import type { ReactNode } from 'react';

import { useTheme, type Theme } from '../state/theme.ts';
import { DEFAULTS } from '../state/url.ts';
import { useViewState } from '../state/use-view-state.ts';
import { Icon, type IconName } from '../widgets/Icon.tsx';
import { Logo } from './Logo.tsx';
import { chooseFiles } from './opened/choose-files.ts';

export interface AppActions {
  readonly onHelp: () => void;
  readonly onSettings: () => void;
  /** Where signing in is needed at all. */
  readonly onLogout: (() => void) | undefined;
}

const NEXT_THEME: Record<Theme, { next: Theme; icon: IconName }> = {
  system: { next: 'light', icon: 'monitor' },
  light: { next: 'dark', icon: 'sun' },
  dark: { next: 'system', icon: 'moon' },
};

interface TopBarProps {
  readonly actions: AppActions;
  readonly children: ReactNode;
}

export function TopBar({ actions, children }: TopBarProps) {
  const [state, update] = useViewState();
  const [theme, setTheme] = useTheme();
  const { next, icon } = NEXT_THEME[theme];
  return (
    <header className="top-bar">
      <a
        href="/"
        className="logo-link"
        aria-label="Vesta, all profiles"
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          update({ ...DEFAULTS, from: state.from, to: state.to, live: state.live });
        }}
      >
        <Logo />
      </a>
      {children}
      <div className="top-bar-actions">
        <button
          type="button"
          className="icon-button"
          aria-label="Open a file"
          title="Open a file; or drop it on the page"
          onClick={() => chooseFiles()}
        >
          <Icon name="file" />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={`Theme: ${theme}. Change to ${next}`}
          title={`Theme: ${theme}`}
          onClick={() => setTheme(next)}
        >
          <Icon name={icon} />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Keyboard and search help"
          title="Help (?)"
          onClick={actions.onHelp}
        >
          <Icon name="keyboard" />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Settings"
          title="Settings"
          onClick={actions.onSettings}
        >
          <Icon name="sliders" />
        </button>
        {actions.onLogout && (
          <button
            type="button"
            className="icon-button"
            aria-label="Sign out"
            title="Sign out"
            onClick={actions.onLogout}
          >
            <Icon name="exit" />
          </button>
        )}
      </div>
    </header>
  );
}

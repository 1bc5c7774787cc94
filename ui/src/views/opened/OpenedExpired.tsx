import { useOpenedFiles } from '../../state/opened-files.ts';
import { DEFAULTS } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { EmptyState } from '../../widgets/State.tsx';
import { chooseFiles } from './choose-files.ts';

/** A link to an opened file that the server has forgotten. */
export function OpenedExpired({ id, update }: { readonly id: string; readonly update: Update }) {
  const name = useOpenedFiles().find((file) => file.id === id)?.name;
  return (
    <EmptyState title={name ? `${name} is no longer open` : 'This file is no longer open'}>
      <p className="muted">
        Opened files are kept for an hour, and not beyond a restart of the server. Open it again, and keep it
        as a service if others should see it.
      </p>
      <div className="button-row">
        <button type="button" className="button primary" onClick={() => chooseFiles()}>
          Open a file
        </button>
        <button type="button" className="button" onClick={() => update(DEFAULTS)}>
          All profiles
        </button>
      </div>
    </EmptyState>
  );
}

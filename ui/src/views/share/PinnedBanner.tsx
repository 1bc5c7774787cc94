import { useState } from 'react';

import { useDeleteLink, useLink } from '../../api/links.ts';
import { formatTime, plural } from '../../model/format.ts';
import { absoluteMs } from '../../model/time-range.ts';
import { decodeUrl } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { CopyButton } from '../../widgets/CopyButton.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import './share.css';

/** Above whatever is shown by a permalink: what is seen is not live. */
export function PinnedBanner({ id, update }: { readonly id: string; readonly update: Update }) {
  const link = useLink(id);
  const remove = useDeleteLink();
  const [isSure, setSure] = useState(false);
  const leave = (): void => update({ link: '' });
  const asOfMs = link.data && endOf(link.data.url);
  return (
    <aside className="pinned-banner" aria-label="Permalink">
      <Icon name="pin" />
      <span>
        {link.isError ? (
          'This link is gone, and with it the profiles that it kept.'
        ) : (
          <>
            <span className="strong">Pinned</span>
            {link.data && ` ${plural(link.data.pinned, 'profile')}`}
            {asOfMs !== undefined && ` as of ${formatTime(asOfMs)}`}
            <span className="muted">, kept whatever the retention</span>
          </>
        )}
      </span>
      <span className="pinned-banner-actions">
        {!link.isError && <CopyButton label="Copy the permalink" text={() => `${location.origin}/l/${id}`} />}
        <button type="button" className="button" onClick={leave}>
          Show live data
        </button>
        {!link.isError && (
          <button
            type="button"
            className="button"
            disabled={remove.isPending}
            onBlur={() => setSure(false)}
            onClick={() => {
              if (isSure) remove.mutate(id, { onSuccess: leave });
              else setSure(true);
            }}
          >
            {isSure ? 'Delete it for everybody' : 'Delete the link'}
          </button>
        )}
      </span>
      {remove.isError && (
        <span className="error-text" role="alert">
          {remove.error instanceof Error ? remove.error.message : 'That did not work'}
        </span>
      )}
    </aside>
  );
}

/** When the range of time ends that the link shows. One profile has none. */
function endOf(url: string): number | undefined {
  return absoluteMs(decodeUrl('/', new URL(url, location.origin).search).to);
}

import { lazy, Suspense } from 'react';

import type { SampleQuestion, Scope } from '../../api/queries.ts';
import type { CallTree, NodeId } from '../../model/call-tree.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { Skeleton } from '../../widgets/State.tsx';

const SharePanel = lazy(async () => ({ default: (await import('./SharePanel.tsx')).SharePanel }));

export interface ShareMenuProps {
  readonly scope: Scope;
  readonly question: SampleQuestion;
  /** The flame graph in sight, where there is one. */
  readonly tree?: CallTree | undefined;
  readonly zoomed?: NodeId;
}

/** Links to what is shown, and files of it. */
export function ShareMenu(props: ShareMenuProps) {
  return (
    <Popover
      label="Share and download"
      className="icon-button bordered"
      align="end"
      trigger={<Icon name="share" />}
    >
      {() => (
        <Suspense fallback={<Skeleton lines={4} label="Loading" />}>
          <SharePanel {...props} />
        </Suspense>
      )}
    </Popover>
  );
}

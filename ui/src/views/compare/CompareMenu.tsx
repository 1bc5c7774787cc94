import { lazy, Suspense } from 'react';

import type { Scope } from '../../api/queries.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { Skeleton } from '../../widgets/State.tsx';
import type { ComparedProfile } from './ComparePanel.tsx';
import './compare-menu.css';

// Its choices come when they are asked for, not with the page.
const ComparePanel = lazy(async () => ({ default: (await import('./ComparePanel.tsx')).ComparePanel }));

/** What is shown against something else: one click from any view. */
export function CompareMenu(props: {
  /** What is shown, for the values of tags in it. */
  readonly scope: Scope;
  /** Where a profile is shown alone. */
  readonly profile?: ComparedProfile;
  /** The one before it of the same process. */
  readonly before?: string | undefined;
}) {
  return (
    <Popover
      label="Compare"
      align="end"
      trigger={
        <>
          <Icon name="compare" />
          <span className="compare-menu-text">Compare</span>
        </>
      }
    >
      {(close) => (
        <div className="compare-menu">
          <Suspense fallback={<Skeleton lines={3} label="Loading choices" />}>
            <ComparePanel {...props} onDone={close} />
          </Suspense>
        </div>
      )}
    </Popover>
  );
}

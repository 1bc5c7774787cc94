import { lazy, Suspense } from 'react';

import type { FunctionRow, SortField } from '../../model/top.ts';
import type { Dimension } from '../../state/url.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { Skeleton } from '../../widgets/State.tsx';

const TableExport = lazy(async () => ({ default: (await import('./TableExport.tsx')).TableExport }));

export interface TableMenuProps {
  readonly rows: readonly FunctionRow[];
  readonly dimension: Dimension;
  readonly columns: readonly SortField[];
  readonly unit: string;
  readonly whole: number;
}

/** The rows as they are filtered and sorted, for a spreadsheet. */
export function TableMenu(props: TableMenuProps) {
  return (
    <Popover
      label="Copy or download the table"
      className="icon-button bordered"
      align="end"
      trigger={<Icon name="copy" />}
    >
      {(close) => (
        <Suspense fallback={<Skeleton lines={2} label="Loading" />}>
          <TableExport {...props} onDone={close} />
        </Suspense>
      )}
    </Popover>
  );
}

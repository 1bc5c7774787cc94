import { lazy, Suspense, type ReactNode } from 'react';

import { dimensionName } from '../../model/dimension.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { Skeleton } from '../../widgets/State.tsx';
import type { DimensionChoicesProps } from './DimensionChoices.tsx';

const DimensionChoices = lazy(async () => {
  const { DimensionChoices: component } = await import('./DimensionChoices.tsx');
  return { default: component };
});

interface DimensionMenuProps extends DimensionChoicesProps {
  readonly trigger?: ReactNode;
}

/** What to group by: tags of profiles, labels of samples, parts of frames.  */
export function DimensionMenu(props: DimensionMenuProps) {
  const { label, chosen, trigger, isMulti = false, onChoose } = props;
  const [first] = chosen;
  return (
    <Popover
      label={`${label}: ${chosen.map(dimensionName).join(', ') || 'nothing'}`}
      className="menu-button"
      trigger={
        trigger ?? (
          <>
            <span className="strong">{first === undefined ? 'nothing' : dimensionName(first)}</span>
            <Icon name="chevron-down" />
          </>
        )
      }
    >
      {(close) => (
        <Suspense fallback={<Skeleton label="Loading the choices" />}>
          <DimensionChoices
            {...props}
            onChoose={(dimension) => {
              onChoose(dimension);
              if (!isMulti) close();
            }}
          />
        </Suspense>
      )}
    </Popover>
  );
}

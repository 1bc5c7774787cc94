import type { Granularity } from '../../api/types.ts';
import { dimensionParts } from '../../model/dimension.ts';
import { MY_CODE, toggleMyCode, withTransforms } from '../../model/transforms.ts';
import type { ColorBy, SiblingOrder, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { Segmented } from '../../widgets/Segmented.tsx';

interface ViewControlsProps {
  readonly state: ViewState;
  readonly update: Update;
}

const GRANULARITIES = [
  { value: 'function', label: 'Function' },
  { value: 'line', label: 'Line' },
  { value: 'file', label: 'File' },
  { value: 'package', label: 'Package' },
] as const;

/** Callers and callees are those of functions: a file or package is nothing that something calls. */
export function sandwichGranularity(granularity: Granularity): Granularity {
  return granularity === 'line' ? 'line' : 'function';
}

/** What a box stands for, and with it what a row of the table does, unless the table is about something else. */
export function GranularityControl({ state, update }: ViewControlsProps) {
  const isSandwich = state.sandwich !== '';
  const isTableOfFrames = dimensionParts(state.dimension).kind === 'frame';
  return (
    <Segmented<Granularity>
      label="Granularity"
      value={isSandwich ? sandwichGranularity(state.granularity) : state.granularity}
      options={isSandwich ? GRANULARITIES.slice(0, 2) : GRANULARITIES}
      onChange={(granularity) =>
        update({
          granularity,
          zoom: [],
          expanded: [],
          ...(isTableOfFrames ? { dimension: `frame:${granularity}` } : {}),
        })
      }
    />
  );
}

export function MyCodeToggle({ state, update }: ViewControlsProps) {
  return (
    <button
      type="button"
      className="button"
      aria-pressed={state.transforms.includes(MY_CODE)}
      title="Frames of libraries, runtimes and the system count for the own code that called them"
      onClick={() => update(withTransforms(toggleMyCode(state.transforms)))}
    >
      Only my code
    </button>
  );
}

/** How the picture looks, which changes no number in it. */
export function LookMenu({ state, update }: ViewControlsProps) {
  return (
    <Popover
      label="Colors and order"
      className="icon-button bordered"
      align="end"
      trigger={<Icon name="palette" />}
    >
      {() => (
        <div className="look-menu">
          <LookRow label="Color by">
            <Segmented<ColorBy>
              label="Color by"
              value={state.colorBy}
              options={[
                { value: 'package', label: 'Package' },
                { value: 'kind', label: 'Kind' },
                { value: 'value', label: 'Value' },
              ]}
              onChange={(colorBy) => update({ colorBy })}
            />
          </LookRow>
          <LookRow label="Sort by">
            <Segmented<SiblingOrder>
              label="Sort by"
              value={state.order}
              options={[
                { value: 'value', label: 'Value' },
                { value: 'name', label: 'Name' },
              ]}
              onChange={(order) => update({ order })}
            />
          </LookRow>
          <LookRow label="Root">
            <Segmented<'top' | 'bottom'>
              label="Root"
              value={state.upright ? 'bottom' : 'top'}
              options={[
                { value: 'top', label: 'On top' },
                { value: 'bottom', label: 'At the bottom' },
              ]}
              onChange={(root) => update({ upright: root === 'bottom' })}
            />
          </LookRow>
        </div>
      )}
    </Popover>
  );
}

function LookRow({ label, children }: { readonly label: string; readonly children: React.ReactNode }) {
  return (
    <div className="look-row">
      <span className="muted" aria-hidden="true">
        {label}
      </span>
      {children}
    </div>
  );
}

export function FullScreenToggle({ state, update }: ViewControlsProps) {
  const label = state.full ? 'Leave the full screen' : 'Full screen';
  return (
    <button
      type="button"
      className="icon-button bordered"
      aria-label={label}
      title={label}
      aria-pressed={state.full}
      onClick={() => update({ full: !state.full })}
    >
      <Icon name={state.full ? 'shrink' : 'expand'} />
    </button>
  );
}

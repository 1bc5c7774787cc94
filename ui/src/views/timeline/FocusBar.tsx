import { requestOf } from '../../model/request.ts';
import { decodeWindow } from '../../model/timeline.ts';
import type { FocusOn, Tab, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Segmented } from '../../widgets/Segmented.tsx';
import { FOCUS_CHOICES, FocusChips } from './FocusChips.tsx';

/** Tabs whose answers follow a chosen time or request. */
const ABOUT_SAMPLES: readonly Tab[] = ['flame', 'graph', 'top', 'timeline'];

interface FocusBarProps {
  readonly state: ViewState;
  readonly update: Update;
}

/** Which part of the time, or which request, everything below is about; nothing where it is about all of it. */
export function FocusBar({ state, update }: FocusBarProps) {
  const request = requestOf(state);
  if ((!decodeWindow(state.window) && !request) || !ABOUT_SAMPLES.includes(state.tab)) return null;
  return (
    <div className="focus-bar" role="group" aria-label="Focus">
      <FocusChips state={state} update={update} />
      {request && (
        <Segmented<FocusOn>
          label="Focus on"
          value={state.focusOn}
          options={FOCUS_CHOICES}
          // The server takes the focus together with the request only.
          onChange={(focusOn) => update({ span: request.id, focusOn, zoom: [], expanded: [] })}
        />
      )}
      {state.tab !== 'timeline' && (
        <button type="button" className="text-button" onClick={() => update({ tab: 'timeline' })}>
          Show on the timeline
        </button>
      )}
    </div>
  );
}

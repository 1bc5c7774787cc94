import { FRAME_KEYS, MOVE_KEYS } from '../flame/keyboard.ts';
import { TIMELINE_KEYS } from '../timeline/keyboard.ts';
import { Dialog } from '../widgets/Dialog.tsx';
import { GRAPH_KEYS } from './call-graph/keys.ts';
import './dialogs.css';

const MOUSE: readonly (readonly [string, string])[] = [
  ['Click', 'Zoom in; on the frame zoomed in on, zoom out'],
  ['Alt + click', 'Pin the details'],
  ['Right click', 'Menu of the frame'],
  ['Drag', 'Move'],
  ['Ctrl or ⌘ + wheel', 'Zoom about the pointer'],
  ['Shift + wheel', 'Move sideways'],
];

const QUERY: readonly (readonly [string, string])[] = [
  ['service:web env:prod', 'Both'],
  ['service:(web OR api)', 'Either'],
  ['-version:1.0.*', 'Not, with a wildcard'],
  ['@cpu_cores:>1.5', 'By a measure'],
  ['"checkout worker"', 'Free text'],
];

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard and search" onClose={onClose}>
      <div className="help">
        <section>
          <h3>Everywhere</h3>
          <Keys
            rows={[
              ['/', 'Search in the flame graph'],
              ['?', 'This help'],
            ]}
          />
          <h3>Flame graph, mouse</h3>
          <Keys rows={MOUSE} />
          <h3>Flame graph, keyboard</h3>
          <Keys rows={MOVE_KEYS} />
          <h3>Timeline, keyboard</h3>
          <Keys rows={TIMELINE_KEYS} />
        </section>
        <section>
          <h3>The selected frame</h3>
          <Keys rows={FRAME_KEYS} />
          <h3>Call graph, keyboard</h3>
          <Keys rows={GRAPH_KEYS} />
          <h3>Search for profiles</h3>
          <Keys rows={QUERY} />
        </section>
      </div>
    </Dialog>
  );
}

function Keys({ rows }: { readonly rows: readonly (readonly [string, string])[] }) {
  return (
    <dl className="keys">
      {rows.map(([keys, meaning]) => (
        <div key={keys}>
          <dt>
            <kbd>{keys}</kbd>
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}

import { FRAME_KEYS, MOVE_KEYS } from '../flame/keyboard.ts';
import { SEARCH_FEATURES, SEARCH_KEYS } from '../model/search-features.ts';
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

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard and search" onClose={onClose}>
      <div className="help">
        <section>
          <h3>Everywhere</h3>
          <Keys
            rows={[
              ['/', 'Search functions, or profiles where there are none'],
              ['?', 'This help'],
            ]}
          />
          <h3>Search for profiles</h3>
          <Keys rows={SEARCH_FEATURES} />
          <h3>In the search</h3>
          <Keys rows={SEARCH_KEYS} />
        </section>
        <section>
          <h3>Flame graph, mouse</h3>
          <Keys rows={MOUSE} />
          <h3>Flame graph, keyboard</h3>
          <Keys rows={MOVE_KEYS} />
          <h3>Call graph, keyboard</h3>
          <Keys rows={GRAPH_KEYS} />
        </section>
        <section>
          <h3>The selected frame</h3>
          <Keys rows={FRAME_KEYS} />
          <h3>Timeline, keyboard</h3>
          <Keys rows={TIMELINE_KEYS} />
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

import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { createQueryClient } from './api/queries.ts';
import { startTheme } from './state/theme.ts';
import { App } from './views/App.tsx';
import './theme.css';
import './widgets/widgets.css';
import './flame/flame.css';
import './views/shell.css';
import './views/explorer/search.css';
import './views/explorer/scope-bar.css';
import './views/explorer/time-range.css';
import './views/explorer/explorer.css';
import './views/explorer/facets.css';
import './views/explorer/chart.css';
import './views/pane/pane.css';
import './views/pane/menus.css';
import './views/pane/side-table.css';
import './views/tables.css';
import './views/timeline/focus-bar.css';

startTheme();
const root = document.querySelector('#root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={createQueryClient()}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}

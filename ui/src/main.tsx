import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { createQueryClient } from './api/queries.ts';
import { startTheme } from './state/theme.ts';
import { App } from './views/App.tsx';
import './theme.css';
import './widgets/widgets.css';
import './flame/flame.css';
import './views/views.css';

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

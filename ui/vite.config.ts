import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The page is served under a strict content security policy: nothing is inlined into index.html, and every
// script, style and image is a file of its own below assets/.
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // The tests put fixtures in the place of the server; nothing may come through to a real one.
  preview: { proxy: {} },
  server: {
    port: 5173,
    proxy: { '/api': process.env['VESTA_URL'] ?? 'http://127.0.0.1:8378' },
  },
});

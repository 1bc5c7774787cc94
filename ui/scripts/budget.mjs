// Fails the build when the code every visitor must load before anything shows grows beyond its budget.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 150 * 1024;
const dist = new URL('../dist/', import.meta.url);
const html = readFileSync(new URL('index.html', dist), 'utf8');

// Strict content security policy: index.html may refer to files only.
if (/<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=/i.test(html)) {
  throw new Error('dist/index.html has inline script or style; the content security policy would block it');
}

const entry = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]);
if (entry.length === 0) throw new Error('dist/index.html loads no assets');

let total = 0;
for (const file of entry) {
  const bytes = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  total += bytes;
  console.log(`${(bytes / 1024).toFixed(1).padStart(7)} KiB gzip  ${file}`);
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} KiB gzip  entry, budget ${BUDGET_BYTES / 1024} KiB`);
if (total > BUDGET_BYTES) {
  console.error('the entry is over its budget: load something lazily, or drop a dependency');
  process.exit(1);
}

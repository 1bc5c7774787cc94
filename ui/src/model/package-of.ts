/**
 * The package a frame belongs to, for colors: what a reader of the code would call the library.
 *
 * The SDKs differ in what they send as module: some nothing, some the binary, some the package. The file path says
 * more wherever a package manager made it.
 */
export function packageOf(name: string, file: string, module: string): string {
  const path = file.replaceAll('\\', '/');

  const python = /(?:site|dist)-packages\/([^/]+)/.exec(path);
  if (python?.[1]) return python[1].replace(/\.py$/, '');
  const node = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path);
  if (node?.[1]) return node[1];
  if (path.startsWith('node:')) return 'node';
  const ruby = /gems\/([A-Za-z0-9_.-]+?)-\d[^/]*\//.exec(path);
  if (ruby?.[1]) return ruby[1];
  const cargo = /registry\/src\/[^/]+\/([A-Za-z0-9_-]+?)-\d[^/]*\//.exec(path);
  if (cargo?.[1]) return cargo[1];
  const goModule = /\/pkg\/mod\/([^@]+)@/.exec(path);
  if (goModule?.[1]) return goModule[1];
  if (/\/lib\/python\d/.test(path) || path.startsWith('<frozen')) return 'python';
  const goRoot = /\/(?:go|golang)[^/]*\/src\/([^/]+)/.exec(path);
  if (goRoot?.[1] && !goRoot[1].includes('.')) return 'go';

  if (module) return module.split('/').slice(0, 3).join('/');

  // Go and Rust and Java qualify the name itself.
  const go = /^((?:[\w.-]+\.[a-z]+\/)?[\w./-]+?)\.(?:\(|[A-Za-z_])/.exec(name);
  if (go?.[1]?.includes('/')) return go[1];
  const rust = /^<?&?(\w+)::/.exec(name);
  if (rust?.[1]) return rust[1];
  const java = /^((?:[a-z_][\w]*\.){2,})/.exec(name);
  if (java?.[1]) return java[1].split('.').slice(0, 3).join('.');

  const folder = path.lastIndexOf('/');
  return folder > 0 ? path.slice(0, folder) : path;
}

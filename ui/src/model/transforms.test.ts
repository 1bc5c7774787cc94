import { describe, expect, it } from 'vitest';

import { decodeCallTree } from './call-tree.ts';
import { randomBody } from './random-tree.testing.ts';
import {
  addTransform,
  describeTransform,
  keyOfNode,
  MY_CODE,
  parseKey,
  parseTransform,
  toggleMyCode,
  withTransforms,
  writeKey,
  writeTransform,
} from './transforms.ts';

describe('transforms', () => {
  it('are read and written as the API takes them', () => {
    for (const text of [
      'focus:run\tapp.py',
      'collapse-recursion',
      'collapse-recursion:walk',
      'my-code',
      'exclude:std::rc::Rc<T>',
      'collapse-library:github.com/a/b',
    ]) {
      const transform = parseTransform(text);
      expect(transform && writeTransform(transform)).toBe(text);
    }
    expect(parseTransform('explode:x')).toBeUndefined();
  });

  it('name frames by what is known of them, without trailing tabs', () => {
    expect(writeKey({ name: 'run', file: '/app/a.py' })).toBe('run\t/app/a.py');
    expect(writeKey({ file: 'app.py' })).toBe('\tapp.py');
    expect(writeKey({ package: 'django' })).toBe('\t\t\t\tdjango');
    expect(parseKey('run\ta.py\t\t7')).toEqual({
      name: 'run',
      file: 'a.py',
      module: '',
      line: 7,
      package: '',
    });
  });

  it.each([
    ['function', 'function_3\t/app/package_3/file_3.py'],
    ['line', 'function_3\t/app/package_3/file_3.py\t\t3'],
    ['file', '\t/app/package_3/file_3.py'],
    ['package', '\t\t\t\tpackage_3'],
  ] as const)('at granularity %s mean what a node stands for', (granularity, key) => {
    const body = randomBody({ seed: 1, nodes: 2 });
    body.nodes.function = [-1, 3];
    expect(keyOfNode(decodeCallTree(body, granularity), 1)).toBe(key);
  });

  it.each([
    ['focus:run\t/app/a.py', 'Focused on', 'run'],
    ['only:\t/app/shop/a.py', 'Only stacks with', 'a.py'],
    ['exclude:\t\t\t\tdjango', 'Without stacks with', 'django'],
    ['merge:run\t\t\t12', 'Merged into callers:', 'run (line 12)'],
    ['collapse-recursion', 'Recursion collapsed', ''],
    ['collapse-library:django', 'As one frame:', 'django'],
    ['my-code', 'Only my code', ''],
    ['explode:x', 'explode:x', ''],
  ])('say in plain words what %j does', (text, verb, object) => {
    const described = describeTransform(text);
    expect(described).toMatchObject({ verb, object });
    expect(described.explanation).toMatch(/\.$/);
  });

  it('are added once, at the end, and forget the zoom', () => {
    const once = addTransform(['my-code'], { kind: 'focus', key: 'run' });
    expect(once).toEqual(['my-code', 'focus:run']);
    expect(addTransform(once, { kind: 'focus', key: 'run' })).toBe(once);
    expect(withTransforms(once)).toEqual({ transforms: once, zoom: [], expanded: [] });
  });

  it('have a toggle for the own code', () => {
    expect(toggleMyCode(['focus:a'])).toEqual(['focus:a', MY_CODE]);
    expect(toggleMyCode(['focus:a', MY_CODE])).toEqual(['focus:a']);
  });
});

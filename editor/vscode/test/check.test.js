const { test } = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { application, places, check } = require('../src/check');

function folder(files) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'aro-editor-'));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  return root;
}

const main = '(Application-Start: A) {\n    Return an <OK: status> for the <startup>.\n}\n';
const bad = '(Double: Action takes <n>) {\n    Compute the <r> form <n> * 2.\n    Return an <OK: status> with <r>.\n}\n';

test('the application of a file is the nearest folder with a start', () => {
  const root = folder({ 'shop/main.aro': main, 'shop/parts/double.aro': bad, 'one.aro': main, 'two.aro': main, 'lone/part.aro': bad });
  assert.equal(application(path.join(root, 'shop/parts/double.aro'), root), path.join(root, 'shop'));
  assert.equal(application(path.join(root, 'shop/main.aro'), root), path.join(root, 'shop'));
  assert.equal(application(path.join(root, 'one.aro'), root), path.join(root, 'one.aro'));
  assert.equal(application(path.join(root, 'lone/part.aro'), path.join(root, 'lone')), path.join(root, 'lone/part.aro'));
});

test('findings stand where they belong', () => {
  const report = { findings: [
    { severity: 'error', code: 'ARO-P1', message: 'm', hint: 'h', file: 'parts/a.aro', line: 2, column: 5, endLine: 2, endColumn: 9 },
    { severity: 'warning', code: 'ARO-F2', message: 'whole' },
  ] };
  const found = places(report, '/app', '/app/main.aro');
  assert.deepEqual(found.get(path.resolve('/app/parts/a.aro')), [{ line: 1, column: 4, endLine: 1, endColumn: 8, severity: 'error', code: 'ARO-P1', message: 'm\nh' }]);
  assert.equal(found.get('/app/main.aro')[0].line, 0);
  assert.equal(places(report, '/one.aro', '/one.aro').get('/one.aro').length, 2);
});

test('aro check is run and read', { skip: !process.env.ARO && 'ARO does not name the command' }, async () => {
  const root = folder({ 'main.aro': main, 'parts/double.aro': bad });
  const report = await check(process.env.ARO, root);
  assert.equal(report.errors, 1);
  const found = places(report, root, path.join(root, 'main.aro'));
  const [f] = found.get(path.join(root, 'parts/double.aro'));
  assert.deepEqual([f.line, f.column, f.severity], [1, 20, 'error']);
  assert.deepEqual(found.get(path.join(root, 'main.aro')), []);
  await assert.rejects(check(process.env.ARO, path.join(root, 'nowhere')), /nowhere/);
  await assert.rejects(check(path.join(root, 'no-such-command'), root));
});

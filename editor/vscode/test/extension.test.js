// The extension with a stand-in for the editor.
const { test } = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const Module = require('node:module');

class Range {
  constructor(...places) {
    this.places = places;
  }
}

class Diagnostic {
  constructor(range, message, severity) {
    Object.assign(this, { range, message, severity });
  }
}

function editor(aro) {
  const shown = new Map(); // by path
  const logged = [];
  const on = {};
  let changed = () => {};
  const uri = (fsPath) => ({ fsPath, scheme: 'file' });
  const vscode = {
    Range,
    Diagnostic,
    DiagnosticSeverity: { Error: 0, Warning: 1 },
    Uri: { file: uri },
    languages: {
      createDiagnosticCollection: () => ({
        set: (u, list) => { shown.set(u.fsPath, list); changed(); },
        delete: (u) => shown.delete(u.fsPath),
      }),
    },
    window: {
      createOutputChannel: () => ({ appendLine: (line) => { logged.push(line); changed(); } }),
      setStatusBarMessage: () => {},
    },
    workspace: {
      isTrusted: true,
      textDocuments: [],
      getConfiguration: () => ({ get: (name) => (name === 'path' ? aro : true) }),
      getWorkspaceFolder: () => undefined,
      onDidSaveTextDocument: (f) => { on.save = f; },
      onDidOpenTextDocument: (f) => { on.open = f; },
    },
    commands: { registerCommand: (name, f) => { on[name] = f; } },
  };
  const until = (done) => new Promise((resolve) => {
    changed = () => done() && resolve();
    changed();
  });
  return { vscode, shown, logged, on, until, document: (file) => ({ languageId: 'aro', uri: uri(file) }) };
}

function activate(vscode) {
  const load = Module._load;
  Module._load = (request, ...rest) => (request === 'vscode' ? vscode : load(request, ...rest));
  try {
    delete require.cache[require.resolve('../src/extension')];
    require('../src/extension').activate({ subscriptions: [] });
  } finally {
    Module._load = load;
  }
}

test('a saved file shows what aro check finds, until it is mended', { skip: !process.env.ARO && 'ARO does not name the command' }, async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'aro-editor-'));
  const file = path.join(root, 'main.aro');
  const text = '(Application-Start: A) {\n    Log "x" to the <console>.\n    Return an <OK: status> for the <startup>.\n}\n';
  const e = editor(process.env.ARO);
  activate(e.vscode);
  fs.writeFileSync(file, text.replace('Log "x"', 'Log <x> "x"'));
  e.on.save(e.document(file));
  await e.until(() => (e.shown.get(file) || []).length > 0);
  const [d] = e.shown.get(file);
  assert.equal(d.severity, 0);
  assert.equal(d.range.places[0], 1);
  assert.match(d.code, /^ARO-/);
  fs.writeFileSync(file, text);
  e.on.save(e.document(file));
  await e.until(() => e.shown.has(file) && e.shown.get(file).length === 0);
});

test('a command that is missing is told of and breaks nothing', async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'aro-editor-'));
  const e = editor(path.join(root, 'no-such-command'));
  activate(e.vscode);
  e.on.save(e.document(path.join(root, 'main.aro')));
  await e.until(() => e.logged.length > 0);
  assert.match(e.logged[0], /no-such-command/);
  assert.equal(e.shown.size, 0);
});

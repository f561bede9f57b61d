// Runs `aro check` when an .aro file is saved, and shows what it finds.
const vscode = require('vscode');
const { application, places, check } = require('./check');

let findings;
let log;
const shown = new Map(); // by application: the files that have findings
const running = new Map(); // by application: the number of the last check

async function run(document) {
  if (document.languageId !== 'aro' || document.uri.scheme !== 'file' || !vscode.workspace.isTrusted) return;
  const settings = vscode.workspace.getConfiguration('aro', document.uri);
  const saved = document.uri.fsPath;
  const folder = vscode.workspace.getWorkspaceFolder(document.uri);
  const root = application(saved, folder && folder.uri.fsPath);
  const number = (running.get(root) || 0) + 1;
  running.set(root, number);
  let report;
  try {
    report = await check(settings.get('path'), root);
  } catch (error) {
    log.appendLine(`aro check ${root}: ${error.message}`);
    vscode.window.setStatusBarMessage('aro check failed; see the output of ARO', 10000);
    return;
  }
  if (running.get(root) !== number) return; // a later one is under way
  for (const uri of shown.get(root) || []) findings.delete(uri);
  const uris = [];
  for (const [file, list] of places(report, root, saved)) {
    const uri = vscode.Uri.file(file);
    uris.push(uri);
    findings.set(uri, list.map((f) => {
      const range = new vscode.Range(f.line, f.column, f.endLine, f.endColumn);
      const severity = f.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
      const d = new vscode.Diagnostic(range, f.message, severity);
      d.code = f.code;
      d.source = 'aro';
      return d;
    }));
  }
  shown.set(root, uris);
}

function activate(context) {
  findings = vscode.languages.createDiagnosticCollection('aro');
  log = vscode.window.createOutputChannel('ARO');
  const wanted = (document) => vscode.workspace.getConfiguration('aro', document.uri).get('checkOnSave');
  context.subscriptions.push(
    findings,
    log,
    vscode.workspace.onDidSaveTextDocument((document) => wanted(document) && run(document)),
    vscode.workspace.onDidOpenTextDocument((document) => wanted(document) && run(document)),
    vscode.commands.registerCommand('aro.check', () => vscode.window.activeTextEditor && run(vscode.window.activeTextEditor.document)),
  );
  for (const document of vscode.workspace.textDocuments) if (wanted(document)) run(document);
}

module.exports = { activate, deactivate() {} };

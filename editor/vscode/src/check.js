// What the extension does without the editor: which application a file belongs to, and
// what the findings of `aro check --json` mean as places in files.
const fs = require('node:fs');
const path = require('node:path');
const { execFile } = require('node:child_process');

const start = /^\s*\(\s*Application-Start\s*:/m;

function startsIn(folder) {
  let names;
  try {
    names = fs.readdirSync(folder);
  } catch {
    return [];
  }
  return names.filter((name) => name.endsWith('.aro') && start.test(fs.readFileSync(path.join(folder, name), 'utf8')));
}

// The application of a file: the nearest folder from the file's own up to the
// workspace's that has an Application-Start, or the file alone where several
// applications of one file each share a folder. It is the file when there is none.
function application(file, workspace) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const found = startsIn(folder);
    if (found.length > 1) return file;
    if (found.length === 1) return folder;
    if (folder === workspace || folder === path.dirname(folder) || !workspace) return file;
  }
}

// Findings by the absolute path of their file. What concerns the program as a whole
// is shown at the begin of the file that was saved. Lines and columns count from 0.
function places(report, root, saved) {
  const isFile = root === saved;
  const out = new Map([[saved, []]]);
  for (const f of report.findings) {
    let file = saved;
    if (f.file && !isFile) file = path.resolve(root, f.file);
    if (!out.has(file)) out.set(file, []);
    const line = Math.max((f.line || 1) - 1, 0);
    const column = Math.max((f.column || 1) - 1, 0);
    out.get(file).push({
      line,
      column,
      endLine: Math.max((f.endLine || line + 1) - 1, line),
      endColumn: Math.max((f.endColumn || column + 2) - 1, 0),
      severity: f.severity,
      code: f.code,
      message: f.hint ? `${f.message}\n${f.hint}` : f.message,
    });
  }
  return out;
}

// Runs aro check. Findings make it exit with 1, so what counts is whether it wrote a
// report.
function check(aro, root) {
  return new Promise((resolve, reject) => {
    execFile(aro, ['check', '--json', root], { maxBuffer: 64 << 20, timeout: 60000 }, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        reject(new Error((stderr || stdout || (error && error.message) || 'no report').trim()));
      }
    });
  });
}

module.exports = { application, places, check };

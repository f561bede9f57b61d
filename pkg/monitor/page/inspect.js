"use strict";
const byID = id => document.getElementById(id);
const nodes = new Map([...document.querySelectorAll("[data-node]")].map(n => [n.dataset.node, n]));
const under = new Map([...nodes].map(([id, n]) => [id, n.querySelector(".under").textContent]));
const keepLines = 500, keepFailures = 50;
let before = null;

// Everything that comes from the program is set as text, never as markup.
function element(name, text, kind) {
  const e = document.createElement(name);
  e.textContent = text;
  if (kind) e.className = kind;
  return e;
}
function time(ns) {
  if (!ns) return "";
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]])
    if (ns >= size) return (ns / size).toPrecision(ns / size >= 100 ? 3 : 2) + " " + unit;
  return ns + " ns";
}
function rate(n) { return n >= 10 ? String(Math.round(n)) : n > 0 ? n.toFixed(1) : ""; }
function fill(id, rows) {
  byID(id).tBodies[0].replaceChildren(...rows.map(cells => {
    const row = document.createElement("tr");
    row.append(...cells.map(c => Array.isArray(c) ? element("td", ...c) : element("td", c)));
    return row;
  }));
}
function say(node, id, text) {
  const line = node.querySelector(".under");
  const want = text || under.get(id);
  if (line.textContent !== want) line.textContent = want;
}
function append(list, items, most) {
  const low = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
  list.append(...items);
  while (list.childElementCount > most) list.firstElementChild.remove();
  if (low) list.scrollTop = list.scrollHeight;
}
function show(s) {
  const seconds = before ? Math.max(s.now - before.now, 0.1) : 0;
  const old = new Map(before ? before.sets.map(x => [x.id, x]) : []);
  let total = 0;
  fill("sets", (s.sets || []).map(x => {
    const o = old.get(x.id) || x;
    const each = seconds ? (x.runs - o.runs) / seconds : 0;
    total += each;
    const node = nodes.get(x.id);
    if (node) {
      node.classList.toggle("busy", x.runs > o.runs);
      node.classList.toggle("failing", x.failed > o.failed);
      say(node, x.id, !x.runs ? "" : each ? rate(each) + "/s · " + time(x.p99) : "p99 " + time(x.p99));
    }
    return [x.name, rate(each), x.runs, [x.failed || "", x.failed ? "bad" : ""], time(x.p50), time(x.p99)];
  }));
  fill("rows", s.repositories.map(r => {
    const node = nodes.get("repository " + r.name);
    if (node) say(node, "repository " + r.name, r.rows === 1 ? "1 row" : r.rows + " rows");
    return [r.name, r.rows];
  }));
  fill("refusals", s.refusals.map(r => [r.reason, r.n]));
  byID("state").className = "";
  byID("state").textContent = `${rate(total) || 0} events/s · ${s.running} running · ${s.websockets} WebSockets · ${s.tcp} TCP connections`;
  append(byID("log"), (s.lines || []).map(l => element("div", l.text, l.problem ? "problem" : "")), keepLines);
  append(byID("failures"), (s.failures || []).map(f => {
    const item = element("li", f.message, "bad");
    item.append(element("small", [f.set, f.place, f.statement, f.cause].filter(Boolean).join(" · ")));
    return item;
  }), keepFailures);
  before = s;
}
const source = new EventSource("/events");
source.onmessage = m => show(JSON.parse(m.data));
source.onopen = () => { before = null; byID("log").replaceChildren(); byID("failures").replaceChildren(); };
source.onerror = () => { byID("state").className = "gone"; byID("state").textContent = "The application does not answer."; };

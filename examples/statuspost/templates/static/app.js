'use strict';

const byId = (id) => document.getElementById(id);
const list = byId('messages');
const composer = byId('composer');
const field = byId('message');
const limit = 20; // as many as the server shows

// ---- messages ---------------------------------------------------------------

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

function showTime(time) {
  const date = new Date(time.dateTime);
  if (!isNaN(date)) time.textContent = clock.format(date);
}

// Text goes in as text, never as markup.
function show(post, fresh) {
  if (list.querySelector(`[data-id="${CSS.escape(post.id)}"]`)) return;
  const item = document.createElement('li');
  item.className = fresh ? 'message fresh' : 'message';
  item.dataset.id = post.id;
  const time = document.createElement('time');
  time.dateTime = post.createdAt;
  showTime(time);
  const text = document.createElement('p');
  text.textContent = post.message;
  item.append(time, text);
  list.prepend(item);
  while (list.children.length > limit) list.lastElementChild.remove();
}

// After a lost connection: fetch what was posted meanwhile.
async function catchUp() {
  const answer = await fetch('/messages');
  const posts = (await answer.json()).data;
  for (const post of posts.reverse()) show(post, false);
}

// ---- the live connection ----------------------------------------------------

const status = byId('status');
let attempts = 0;

function say(text, kind) {
  status.textContent = text;
  status.className = 'pill ' + kind;
}

function connect() {
  const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://';
  const socket = new WebSocket(scheme + location.host + '/ws');
  socket.onopen = () => {
    say('Live', 'live');
    if (attempts > 0) catchUp().catch(() => {});
    attempts = 0;
  };
  socket.onmessage = (event) => show(JSON.parse(event.data), true);
  socket.onclose = () => {
    say('Reconnecting…', 'lost');
    // Twice as long each time, and never everybody at once.
    const wait = Math.min(500 * 2 ** attempts++, 15000) * (0.5 + Math.random() / 2);
    setTimeout(connect, wait);
  };
}

// ---- posting ----------------------------------------------------------------

function complain(text) {
  byId('problem').textContent = text;
  byId('problem').hidden = !text;
}

function count() {
  byId('left').textContent = 280 - field.value.length;
}

composer.addEventListener('submit', async (event) => {
  event.preventDefault();
  const message = field.value.trim();
  if (!message) return;
  try {
    const answer = await fetch('/messages', { method: 'POST', body: new URLSearchParams({ message }) });
    if (!answer.ok) {
      const reason = await answer.json();
      throw new Error(reason.message || reason.error);
    }
    field.value = '';
    complain('');
    count();
  } catch (problem) {
    complain(`Not posted: ${problem.message}`);
  }
});

field.addEventListener('input', count);
field.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});

document.querySelectorAll('time').forEach(showTime);
connect();

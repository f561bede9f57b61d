// Talks to the message board with undici, and to an echo with ws. Each check
// prints its name; a failing one ends the script with an error.
'use strict';
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const undici = require('undici');
const { WebSocket } = require('ws');

const [board, echo] = process.argv.slice(2);
const checks = [];
const check = (name, run) => checks.push([name, run]);
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const feed = board.replace('http', 'ws') + '/ws';

check('undici: pipelined', async () => {
  const client = new undici.Client(board, { pipelining: 10 });
  let connects = 0;
  client.on('connect', () => connects++);
  const answers = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
    const { statusCode, body } = await client.request({ path: i % 2 ? '/messages' : '/static/none-' + i, method: 'GET' });
    return [statusCode, await body.text()];
  }));
  answers.forEach(([status, text], i) => {
    assert.equal(status, i % 2 ? 200 : 404);
    assert.equal('data' in JSON.parse(text), i % 2 === 1);
  });
  assert.equal(connects, 1);
  await client.close();
});

check('undici: streamed body', async () => {
  const parts = ['message=', 'piece ', 'by ', 'piece'];
  const { statusCode, headers, body } = await undici.request(board + '/messages', { method: 'POST', headers: form, body: Readable.from(parts) });
  assert.equal(statusCode, 201);
  assert.equal(headers['content-type'], 'application/json');
  assert.equal((await body.json()).message, 'piece by piece');
});

check('undici: aborted', async () => {
  // A client that leaves in the middle of its body breaks nothing for the next one.
  const leaving = new AbortController();
  async function* half() {
    yield 'message=never';
    leaving.abort();
    await new Promise(() => {});
  }
  await assert.rejects(undici.request(board + '/messages', { method: 'POST', headers: form, body: half(), signal: leaving.signal }));
  const { body } = await undici.request(board + '/messages');
  const { data } = await body.json();
  assert.deepEqual(data.map((m) => m.message), ['piece by piece']);
});

check('undici: WebSocket', async () => {
  const ws = new undici.WebSocket(feed);
  await once(ws, 'open');
  const first = once(ws, 'message');
  await undici.fetch(board + '/messages', { method: 'POST', headers: form, body: 'message=for+undici' });
  const [event] = await first;
  assert.equal(JSON.parse(event.data).message, 'for undici');
  const closed = once(ws, 'close');
  ws.close(4000, 'enough');
  const [end] = await closed;
  assert.equal(end.wasClean, true);
  assert.equal(end.code, 4000);
});

const open = async (url, options) => {
  const ws = new WebSocket(url, options);
  await once(ws, 'open');
  return ws;
};

check('ws: feed', async () => {
  const readers = await Promise.all(Array.from({ length: 20 }, () => open(feed)));
  const heard = readers.map((ws) => once(ws, 'message'));
  await undici.fetch(board + '/messages', { method: 'POST', headers: form, body: 'message=to+all' });
  for (const [data, binary] of await Promise.all(heard)) {
    assert.equal(binary, false);
    assert.equal(JSON.parse(data).message, 'to all');
  }
  readers.forEach((ws) => ws.close());
  await Promise.all(readers.map((ws) => once(ws, 'close')));
});

const back = async (ws, data, options = {}) => {
  const answer = once(ws, 'message');
  ws.send(data, options);
  return answer;
};

check('ws: echo', async () => {
  const ws = await open(echo);
  for (const text of ['', 'hello', 'κόσμε 😀', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(70_000)]) {
    const [data, binary] = await back(ws, text);
    assert.equal(binary, false);
    assert.equal(data.toString(), text);
  }
  const bytes = Buffer.from([0, 255, 128, 10]);
  const [data, binary] = await back(ws, bytes);
  assert.equal(binary, true);
  assert.deepEqual(data, bytes);
  ws.terminate();
});

check('ws: fragments', async () => {
  const ws = await open(echo);
  const answer = once(ws, 'message');
  const ponged = once(ws, 'pong');
  ws.send('one ', { fin: false });
  ws.ping('between');
  ws.send('two ', { fin: false });
  ws.send('three', { fin: true });
  assert.equal((await ponged)[0].toString(), 'between');
  assert.equal((await answer)[0].toString(), 'one two three');
  ws.terminate();
});

check('ws: ping', async () => {
  const ws = await open(echo);
  const ponged = once(ws, 'pong');
  ws.ping(Buffer.alloc(125, 7));
  assert.deepEqual((await ponged)[0], Buffer.alloc(125, 7));
  ws.terminate();
});

check('ws: compression is not agreed on', async () => {
  const ws = await open(echo, { perMessageDeflate: true });
  assert.equal(ws.extensions, '');
  const text = 'the same again and '.repeat(1000);
  assert.equal((await back(ws, text))[0].toString(), text);
  ws.terminate();
});

check('ws: closed by server', async () => {
  const ws = await open(echo);
  const closed = once(ws, 'close');
  ws.send('close me');
  assert.equal((await closed)[0], 1000);
});

check('ws: closed by client', async () => {
  const ws = await open(echo);
  const closed = once(ws, 'close');
  ws.close(4321, 'reason');
  const [code, reason] = await closed;
  assert.equal(code, 4321);
  assert.equal(reason.toString(), 'reason');
});

check('ws: too big', async () => {
  const ws = await open(echo);
  ws.on('error', () => {}); // the server may be gone before all is sent
  const closed = once(ws, 'close');
  ws.send(Buffer.alloc((1 << 20) + 1));
  assert.equal((await closed)[0], 1009);
});

(async () => {
  for (const [name, run] of checks) {
    const late = setTimeout(() => {
      console.error(name + ': no end');
      process.exit(1);
    }, 15_000);
    try {
      await run();
    } catch (error) {
      console.error(name + ':', error);
      process.exit(1);
    }
    clearTimeout(late);
    console.log(name);
  }
  process.exit(0);
})();

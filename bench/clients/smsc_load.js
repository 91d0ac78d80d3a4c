// An operator's SMSC under load: npm smpp on a free port of loopback, which delivers a file of messages at a rate of its
// own and keeps the book, so that no other program has to follow 1,000 messages a second. JSON lines: commands on standard
// input, events on standard output.
//
// {"load": {"file": "path", "rate": 1000, "drops": [500], "rests": [900]}}
//     file: "sender<TAB>text" a line. rate: a second, 0 = as fast as they are answered. drops: after so many messages all
//     sockets are closed; rests: there it says "rested" and waits for the next bind. What was not acknowledged when a bind
//     ended, or was put off, is delivered again, as an operator's SMSC does.
// {"mark": true}              replies that came before now are "before": doubled ones are counted from here on
// {"report": true}            what was delivered, answered, doubled; latencies; this process's own CPU
// Every reply is looked at: one that is no answer ("failed": SIN RESPUESTA, or without a level) counts as none. A latency
// begins when a message was due by the rate, also where the window let it go later only.
'use strict';
const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const WINDOW = 500; // deliver_sm without response
const ON_THEIR_WAY = 1500; // of a backlog: delivered and not answered, fewer than a gateway puts off
const PUT_OFF = 0x64; // ESME_RX_T_APPN
const ANSWER = /^(?:ROJO|AMARILLO|GRIS|NEGRO|VERDE) .* R(\d+)(?: MAS)?$/s;
const FAILURE = /^SIN RESPUESTA.* R\d+$/s;

let session = null;
let load = null;
const seen = new Map(); // reference -> how often it came
let marked = new Map(); // the same, when it was marked

function say(event) {
  process.stdout.write(JSON.stringify(event) + '\n');
}

// What is sent in one turn of the loop leaves in one write, as from an SMSC that is busy.
function together(from) {
  if (from.socket.writableCorked) return;
  from.socket.cork();
  process.nextTick(() => from.socket.uncork());
}

function begin({ file, rate, drops = [], rests = [] }) {
  const messages = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => line.split('\t'));
  load = {
    messages, rate, drops: new Set(drops), rests: new Set(rests), next: 0, again: [], open: new Set(), acknowledged: 0,
    answered: 0, failed: 0, doubled: 0, putOff: 0, refused: 0, latencies: [], waiting: new Map(), delivered: new Uint8Array(messages.length), resting: false, last: 0,
    began: performance.now(), cpu: process.cpuUsage(), held: 0, heldSince: 0,
  };
  seen.clear();
  marked.clear();
}

function deliver(at) {
  const [source, text] = load.messages[at];
  const mine = load;
  if (!mine.delivered[at]) { // again, it may have been answered already
    mine.delivered[at] = 1;
    if (!mine.waiting.has(source)) mine.waiting.set(source, new Map());
    mine.waiting.get(source).set(at, mine.rate ? mine.began + mine.held + (at * 1000) / mine.rate : performance.now());
  }
  mine.open.add(at);
  together(session);
  session.deliver_sm(
    { source_addr: source, source_addr_ton: 1, source_addr_npi: 1, destination_addr: '1110', short_message: text },
    (pdu) => {
      if (!mine.open.delete(at)) return;
      if (pdu.command_status === 0) mine.acknowledged += 1;
      else if (pdu.command_status === PUT_OFF) {
        mine.putOff += 1;
        setTimeout(() => mine.again.push(at), 500);
      } else mine.refused += 1;
    },
  );
}

function tick() {
  if (!load || !session || load.resting) return;
  // The clock stands while there is no bind: what is offered is the rate, without a burst after it.
  const due = load.rate ? Math.floor(((performance.now() - load.began - load.held) * load.rate) / 1000) : Infinity;
  while (load.open.size < WINDOW && session) {
    if (load.again.length) {
      deliver(load.again.shift());
      continue;
    }
    if (load.next >= load.messages.length || load.next >= due) return;
    if (!load.rate && load.next - load.answered >= ON_THEIR_WAY) return;
    deliver(load.next);
    load.next += 1;
    if (load.drops.delete(load.next)) session.socket.destroy();
    if (load.rests.delete(load.next)) {
      load.resting = true;
      say({ event: 'rested', at: load.next });
      return;
    }
  }
}

function onSubmit(from, pdu) {
  const now = performance.now();
  together(from);
  from.send(pdu.response({ message_id: '1' }));
  const text = pdu.short_message.message;
  const found = ANSWER.exec(text);
  if (!load || !found) {
    if (load && FAILURE.test(text)) {
      load.failed += 1;
      asked(pdu.destination_addr);
    } else say({ event: 'notice', text });
    return;
  }
  const times = (seen.get(found[1]) || 0) + 1;
  seen.set(found[1], times);
  if (times > 1) {
    load.doubled += 1;
    return;
  }
  load.answered += 1;
  load.last = now;
  const began = asked(pdu.destination_addr);
  if (began) load.latencies.push(now - began);
}

// When that sender's oldest question was due, which is answered now: her replies come in the order of her questions.
function asked(source) {
  const waiting = load.waiting.get(source);
  if (!waiting || !waiting.size) return 0;
  const [at, began] = waiting.entries().next().value;
  waiting.delete(at);
  return began;
}

function ended(which) {
  if (session !== which) return;
  session = null;
  if (!load) return;
  load.again.push(...load.open);
  load.open.clear();
  load.heldSince = performance.now();
}

function report() {
  const sorted = Float64Array.from(load.latencies).sort();
  const part = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] || 0;
  const cpu = process.cpuUsage(load.cpu);
  let doubledSinceMark = 0;
  for (const [reference, times] of marked) doubledSinceMark += seen.get(reference) - times;
  say({
    event: 'report', messages: load.messages.length, delivered: load.next, acknowledged: load.acknowledged,
    open: load.open.size, again: load.again.length, answered: load.answered, failed: load.failed, doubled: load.doubled, doubledSinceMark,
    putOff: load.putOff, refused: load.refused, unanswered: [...load.waiting.values()].reduce((sum, each) => sum + each.size, 0),
    seconds: (load.last - load.began) / 1000, held: load.held / 1000, p50: part(0.5), p99: part(0.99), most: part(1),
    cpu: (cpu.user + cpu.system) / 1e6,
  });
}

function obey(command) {
  if (command.load) begin(command.load);
  if (command.mark) marked = new Map(seen);
  if (command.report) report();
}

const server = smpp.createServer({}, (made) => {
  made.socket.setNoDelay(true);
  made.on('error', () => {});
  made.on('close', () => ended(made));
  made.on('bind_transceiver', (pdu) => {
    made.send(pdu.response());
    if (session) session.socket.destroy();
    session = made;
    if (load) {
      if (load.heldSince) load.held += performance.now() - load.heldSince;
      load.heldSince = 0;
      load.resting = false;
    }
    say({ event: 'bound' });
  });
  made.on('enquire_link', (pdu) => made.send(pdu.response()));
  made.on('unbind', (pdu) => {
    made.send(pdu.response());
    made.close();
  });
  made.on('submit_sm', (pdu) => onSubmit(made, pdu));
});

setInterval(tick, 1);
server.listen(0, '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
readline.createInterface({ input: process.stdin }).on('line', (line) => obey(JSON.parse(line))).on('close', () => process.exit(0));

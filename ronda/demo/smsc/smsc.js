// An SMSC for tries and tests: npm smpp on a free port of loopback. It is driven by JSON lines: commands on standard
// input, events on standard output.
//
// {"deliver": {"source": "50255551234", "destination": "1234", "text": "V P123BCD", "id": 1}}   any field of deliver_sm
// {"raw": "hex"}              bytes as they are, to each bound session
// {"drop": true}              closes all sockets, without unbind
// {"unbind": true}            asks all sessions to unbind
// {"answer": {"status": 88, "times": 3}}     how the next submits are answered; {"silent": n} answers none of the next n
// {"receipts": true}          a delivery receipt follows each submit
'use strict';
const readline = require('readline');
const smpp = require('smpp');

const sessions = new Set();
let statuses = [];
let silent = 0;
let receipts = false;
let given = 0;

function say(event) {
  process.stdout.write(JSON.stringify(event) + '\n');
}

function onSubmit(session, pdu) {
  const id = String(++given);
  say({
    event: 'submit', to: pdu.destination_addr, from: pdu.source_addr, coding: pdu.data_coding,
    validity: pdu.validity_period, text: pdu.short_message.message, at: Date.now(),
  });
  if (silent > 0) {
    silent -= 1;
    return;
  }
  const status = statuses.shift() || 0;
  session.send(pdu.response({ command_status: status, message_id: status ? '' : id }));
  if (receipts && !status) {
    session.deliver_sm({
      source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2611270000 done date:2611270000 stat:DELIVRD err:000 text:`,
    });
  }
}

const server = smpp.createServer({}, (session) => {
  session.socket.setNoDelay(true);
  session.on('error', () => {});
  session.on('close', () => {
    sessions.delete(session);
    say({ event: 'closed' });
  });
  session.on('bind_transceiver', (pdu) => {
    if (pdu.password !== 'secret') {
      session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      session.close();
      return;
    }
    session.send(pdu.response());
    sessions.add(session);
    say({ event: 'bound', system_id: pdu.system_id });
  });
  session.on('enquire_link', (pdu) => {
    session.send(pdu.response());
    say({ event: 'enquire_link' });
  });
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
    say({ event: 'unbound' });
  });
  session.on('submit_sm', (pdu) => onSubmit(session, pdu));
  session.on('generic_nack', (pdu) => say({ event: 'nack', status: pdu.command_status }));
});

function obey(command) {
  for (const session of sessions) {
    if (command.deliver) {
      const { source, destination, text, id, ...more } = command.deliver;
      const fields = { source_addr: source, destination_addr: destination, short_message: text, ...more };
      if (typeof text === 'object' && text.hex) fields.short_message = Buffer.from(text.hex, 'hex');
      say({ event: 'sent', id, source, at: Date.now() });
      session.deliver_sm(fields, (pdu) => say({ event: 'delivered', id, status: pdu.command_status, at: Date.now() }));
    }
    if (command.raw) session.socket.write(Buffer.from(command.raw, 'hex'));
    if (command.drop) session.socket.destroy();
    if (command.unbind) session.unbind();
  }
  if (command.answer) statuses.push(...Array(command.answer.times).fill(command.answer.status));
  if (command.silent) silent += command.silent;
  if ('receipts' in command) receipts = command.receipts;
}

server.listen(0, '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
readline.createInterface({ input: process.stdin }).on('line', (line) => obey(JSON.parse(line))).on('close', () => process.exit(0));

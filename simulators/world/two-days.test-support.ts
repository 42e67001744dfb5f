import type { Actor } from '../../records/incident.ts';
import { Chronicle, hourMs, minuteMs, secondMs } from './chronicle.test-support.ts';
import type { Evidence } from './evidence.ts';

export const li: Actor = { type: 'account', id: 'li' };
export const wang: Actor = { type: 'account', id: 'wang' };

/**
 * Two days by hand in which everything that the promises are about happens, and everything is as it should be. Hours since the
 * start: 1 a fire, claimed and forgotten; 4 a fall without a verdict; 6 one that is cancelled; 8 a call, pressed twice; 12 a call
 * for care; 16 a call that arrives two hours late; 20 an alarm that cannot be read. A watch dies at 22.
 */
export function twoDays(): Evidence {
  const chronicle = new Chronicle();
  fire(chronicle);
  falls(chronicle);
  calls(chronicle);
  unreadable(chronicle);
  const dead = chronicle.device('-watch');
  chronicle.at(22 * hourMs).report(dead, 'status', { battery: 3.9, interval: 60 });
  chronicle.at(22 * hourMs + minuteMs).happens('battery-death', dead);
  chronicle.at(40 * hourMs);
  return chronicle.end();
}

/** One person claims it and forgets, another cannot find out whether anybody is there, and a second one agrees. */
function fire(chronicle: Chronicle): void {
  const kitchen = chronicle.device('001-kitchen');
  const truth = chronicle.at(hourMs).happens('fire', kitchen, 3 * minuteMs);
  chronicle.report(kitchen, 'alarm', { source: 'smoke', state: 'on' }, { truth });
  chronicle.at(hourMs + 30 * secondMs).ask({ type: 'claim', by: li });
  chronicle.at(hourMs + 3 * minuteMs).report(kitchen, 'alarm', { source: 'smoke', state: 'off' }, { truth });
  const notReached = { type: 'resolve', outcome: 'no-help-needed', contact: 'not-reached' } as const;
  chronicle.at(hourMs + 8 * minuteMs).ask({ ...notReached, by: li });
  chronicle.at(hourMs + 9 * minuteMs).ask({ ...notReached, by: wang });
}

function falls(chronicle: Chronicle): void {
  const watch = chronicle.device('-watch');
  const fell = chronicle.at(4 * hourMs).happens('fall', watch);
  chronicle.report(watch, 'fall', { state: 'suspected' }, { truth: fell });
  helped(chronicle, 4 * hourMs + 20 * minuteMs);
  const stumbled = chronicle.at(6 * hourMs).happens('fall-cancelled', watch, 8 * secondMs);
  const suspicion = chronicle.report(watch, 'fall', { state: 'suspected' }, { truth: stumbled });
  chronicle.at(6 * hourMs + 8 * secondMs);
  chronicle.report(watch, 'fall', { state: 'cancelled', of: suspicion.seq }, { truth: stumbled });
}

function calls(chronicle: Chronicle): void {
  const button = chronicle.device('002-button');
  const called = chronicle.at(8 * hourMs).happens('emergency-press', button, 20 * secondMs);
  chronicle.report(button, 'press', { call: 'emergency' }, { truth: called });
  chronicle.at(8 * hourMs + 20 * secondMs).report(button, 'press', { call: 'emergency' }, { truth: called });
  helped(chronicle, 8 * hourMs + 10 * minuteMs);
  const care = chronicle.at(12 * hourMs).happens('care-press', button);
  chronicle.report(button, 'press', { call: 'care' }, { truth: care });
  helped(chronicle, 12 * hourMs + 30 * minuteMs);
  const late = chronicle.at(14 * hourMs).happens('emergency-press', button);
  chronicle.at(16 * hourMs).report(button, 'press', { call: 'emergency', age: 2 * 3_600 }, { truth: late });
  helped(chronicle, 16 * hourMs + 10 * minuteMs);
}

function unreadable(chronicle: Chronicle): void {
  const kitchen = chronicle.device('003-kitchen');
  const truth = chronicle.at(20 * hourMs).happens('fire', kitchen, minuteMs);
  chronicle.report(kitchen, 'alarm', {}, { truth, garbled: 'cut', payload: '{"v":1,"boot":1,"se' });
  helped(chronicle, 20 * hourMs + 10 * minuteMs);
}

function helped(chronicle: Chronicle, atMs: number): void {
  chronicle.at(atMs).ask({ type: 'resolve', by: li, outcome: 'helped', contact: 'reached' });
}

// What share of what: numbers that several pages have.
import { balance } from './metrics.js';

/** Of the requests that brought a home along, those that were served there. */
export function cameHome(rates) {
  const all = rates ? rates.home + rates.broken + rates.ended : 0;
  return all > 0 ? rates.home / all : null;
}

/** The busiest target against the average, each by its weight, of those that take sessions: 1 is perfect. */
export function balanced(group, sample, rates, by = 'requests') {
  const loads = [];
  for (const [id, target] of sample?.targets ?? []) {
    const weight = group?.weights?.[id] ?? 1;
    if (!target.routable || target.state === 'draining' || weight === 0) continue;
    loads.push((by === 'sessions' ? (target.sessions ?? 0) : (rates?.targets.get(id)?.requests ?? 0)) / weight);
  }
  return balance(loads);
}

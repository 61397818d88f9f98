// One hour of what was sampled, in this page, bounded.
import { quantile } from './metrics.js';
import { balanced } from './shares.js';

/** How much is kept. */
export const KEPT_FOR = 60 * 60 * 1000;
const POINTS_MAX = 1800;
/** Groups and targets of which there is history; the others have their numbers of now. */
const GROUPS_MAX = 50;
export const TARGETS_MAX = 24;

export class History {
  constructor() {
    this.total = [];
    this.groups = new Map();
  }

  /** Adds what is known at a moment. */
  add(sample, rates, config) {
    const configured = new Map(config?.groups.map((group) => [group.name, group]));
    this.#push(this.total, { at: sample.at, ...numbers(rates.total) });
    for (const [name, group] of sample.groups) {
      if (!this.groups.has(name) && this.groups.size >= GROUPS_MAX) continue;
      const points = this.groups.get(name) ?? this.groups.set(name, []).get(name);
      const own = rates.groups.get(name);
      this.#push(points, { at: sample.at, ...numbers(own), balance: balanced(configured.get(name), group, own, hasSessions(group) ? 'sessions' : 'requests'), targets: targets(group, own) });
    }
    for (const name of this.groups.keys()) if (!sample.groups.has(name)) this.groups.delete(name);
  }

  of(name) {
    return name === undefined ? this.total : this.groups.get(name) ?? [];
  }

  #push(points, point) {
    points.push(point);
    while (points.length > POINTS_MAX || points[0].at < point.at - KEPT_FOR) points.shift();
  }
}

const hasSessions = (group) => [...group.targets.values()].some((target) => target.sessions !== null);

function numbers(rates) {
  const { requests, home, fresh, broken, ended, off, errors, breakRate, classes, verdicts } = rates;
  return {
    requests, home, fresh, broken, ended, off, errors, breakRate, classes, verdicts,
    p50: quantile(0.5, rates.buckets), p90: quantile(0.9, rates.buckets), p99: quantile(0.99, rates.buckets),
  };
}

function targets(group, rates) {
  const kept = [...group.targets].slice(0, TARGETS_MAX);
  return new Map(kept.map(([id, target]) => [id, {
    requests: rates.targets.get(id)?.requests ?? 0, sessions: target.sessions, state: target.state, anomalous: target.anomalous,
  }]));
}

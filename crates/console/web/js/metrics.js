// What the server has counted, as samples, and what happened between two of them.

/** Verdicts of requests whose home was lost though their client did nothing wrong: what stickiness promises not to happen. */
export const BROKEN = ['target_gone', 'target_unhealthy', 'target_draining', 'detour', 'unknown_key', 'unknown_session'];
/** Those that lost it by what was configured, or by what they sent. */
export const ENDED = ['expired_idle', 'expired_absolute', 'forged', 'foreign_group'];
export const HOME = ['hit', 'imported'];
export const FRESH = ['new', 'no_app_cookie'];

const emptyGroup = () => ({
  verdicts: {},
  classes: {},
  buckets: [],
  created: 0,
  retries: 0,
  learned: null,
  targets: new Map(),
});

/** The sample before, with what an event of /v1/live says of it. Samples are never changed, since rates compare them with later ones. */
export function merged(before, event, at) {
  const old = event.whole ? new Map() : before.groups;
  const groups = new Map(old);
  for (const name of event.gone) groups.delete(name);
  for (const group of event.target_groups) groups.set(group.name, mergedGroup(old.get(group.name), group));
  return { at, groups: sorted(groups), process: event.process };
}

function mergedGroup(before, group) {
  const [verdicts, classes] = [{}, {}];
  for (const { class: kind, verdict, count } of group.requests) {
    verdicts[verdict] = (verdicts[verdict] ?? 0) + count;
    classes[kind] = (classes[kind] ?? 0) + count;
  }
  const targets = new Map(before?.targets);
  for (const id of group.gone) targets.delete(id);
  for (const target of group.targets) targets.set(target.id, mergedTarget(target));
  return {
    verdicts,
    classes,
    buckets: [...group.duration.buckets.map(({ le, count }) => [le, count]), [Infinity, group.duration.count]],
    created: group.sessions_created,
    retries: group.retries,
    learned: group.learned_sessions,
    targets: sorted(targets),
  };
}

const mergedTarget = (target) => ({
  requests: target.requests,
  errors: target.responses_5xx,
  inFlight: target.in_flight,
  share: target.share,
  anomalous: target.anomalous,
  routable: target.routable,
  state: target.state,
  reason: target.reason ?? '',
  address: target.address,
  sessions: target.sessions,
});

/** In order of the names; what is new is at the end. */
function sorted(table) {
  const names = [...table.keys()];
  const isInOrder = names.every((name, at) => at === 0 || names[at - 1] <= name);
  return isInOrder ? table : new Map([...table].sort(([one], [other]) => (one < other ? -1 : 1)));
}

export const sum = (table, keys) => keys.reduce((total, key) => total + (table[key] ?? 0), 0);
const all = (table) => Object.values(table).reduce((total, value) => total + value, 0);

/** What happened between two samples, per second. A counter that went back belongs to another process: all of it is new. */
export function between(before, after) {
  const seconds = Math.max(0.5, (after.at - before.at) / 1000);
  const groups = new Map();
  for (const [name, to] of after.groups) groups.set(name, groupRates(before.groups.get(name) ?? emptyGroup(), to, seconds));
  return { groups, total: total([...groups.values()]), seconds };
}

const since = (from, to, seconds) => (to >= from ? to - from : to) / seconds;

function groupRates(from, to, seconds) {
  const tables = (one, other) =>
    Object.fromEntries(Object.keys(other).map((key) => [key, since(one[key] ?? 0, other[key], seconds)]));
  const verdicts = tables(from.verdicts, to.verdicts);
  const targets = new Map();
  for (const [id, target] of to.targets) {
    const old = from.targets.get(id) ?? target;
    targets.set(id, {
      requests: since(old.requests, target.requests, seconds),
      errors: since(old.errors, target.errors, seconds),
    });
  }
  const known = new Map(from.buckets);
  const buckets = to.buckets.map(([le, value]) => [le, since(known.get(le) ?? 0, value, seconds)]);
  return withShares({
    verdicts,
    classes: tables(from.classes, to.classes),
    buckets,
    created: since(from.created, to.created, seconds),
    retries: since(from.retries, to.retries, seconds),
    targets,
  });
}

/** The numbers that people look at. */
function withShares(rates) {
  const { verdicts, classes } = rates;
  const [home, fresh, broken, ended] = [HOME, FRESH, BROKEN, ENDED].map((kind) => sum(verdicts, kind));
  const requests = all(verdicts);
  return {
    ...rates,
    requests,
    home,
    fresh,
    broken,
    ended,
    off: verdicts.off ?? 0,
    errors: classes['5xx'] ?? 0,
    errorShare: requests > 0 ? (classes['5xx'] ?? 0) / requests : null,
    // Of the requests that had a home, those that were not served by it though nothing was wrong with them.
    breakRate: home + broken > 0 ? broken / (home + broken) : null,
  };
}

/** The busiest target against the average; 1 is perfect. */
export function balance(values) {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.length > 1 && total > 0 ? Math.max(...values) / (total / values.length) : null;
}

function total(groups) {
  const merged = (pick) =>
    groups.reduce((table, group) => {
      for (const [key, value] of Object.entries(pick(group))) table[key] = (table[key] ?? 0) + value;
      return table;
    }, {});
  const buckets = [
    ...groups.reduce((table, group) => {
      for (const [le, value] of group.buckets) table.set(le, (table.get(le) ?? 0) + value);
      return table;
    }, new Map()),
  ];
  return withShares({
    verdicts: merged((group) => group.verdicts),
    classes: merged((group) => group.classes),
    buckets,
    targets: new Map(),
  });
}

/** A quantile of a histogram, interpolated as Prometheus does it; none without requests. */
export function quantile(q, buckets) {
  const last = buckets.at(-1);
  if (!last || last[1] <= 0) return null;
  const wanted = q * last[1];
  let [below, fewer] = [0, 0];
  for (const [le, value] of buckets) {
    if (value >= wanted)
      return le === Infinity ? below : below + (le - below) * ((wanted - fewer) / Math.max(value - fewer, 1e-9));
    [below, fewer] = [le, value];
  }
  return below;
}

// Times and numbers as people read them.
export const now = () => Date.now();

/** 1234 is 1.23k; three digits that count. */
export function count(value) {
  if (value == null || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (size < 1000) return Number.isInteger(value) ? String(value) : value.toFixed(size < 10 ? 1 : 0);
  for (const [unit, name] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ]) {
    if (size >= unit) return (value / unit).toPrecision(3) + name;
  }
  return '–';
}

export function perSecond(value) {
  if (value == null || Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  return value < 0.1 ? '<0.1' : value < 100 ? value.toFixed(1) : count(Math.round(value));
}

/** A share as percent; never 100 % or 0 % for what is not quite that. */
export function percent(share) {
  if (share == null || Number.isNaN(share)) return '–';
  if (share === 0 || share === 1) return `${share * 100} %`;
  const value = share * 100;
  if (value < 0.01) return '<0.01 %';
  if (value > 99.99) return '>99.99 %';
  return `${value.toFixed(value < 1 || value > 99 ? 2 : 1)} %`;
}

export function seconds(value) {
  if (value == null || Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  if (value < 0.001) return `${(value * 1e6).toFixed(0)} µs`;
  if (value < 1) return `${(value * 1000).toPrecision(value < 0.01 ? 2 : 3)} ms`;
  return `${value.toPrecision(3)} s`;
}

export function span(milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.floor(milliseconds / 1000))} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

const two = (value) => String(value).padStart(2, '0');

/** A time of day in the reader's own time. */
export const clock = (at) => new Date(at).toTimeString().slice(0, 8);

/** A moment in the reader's own time. */
export function moment(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
